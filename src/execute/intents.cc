#include "execute/intents.h"

#include <optional>
#include <utility>

#include "execute/expiry.h"
#include "outhaul/error.h"

namespace outhaul {
namespace {

Intent intent_of(const Command& command) {
  if (const auto* made = std::get_if<MakeDir>(&command))
    return {Intent::Kind::make_dir, {}, {}, made->path, kNoObject};
  if (const auto* moved = std::get_if<Rename>(&command))
    return {Intent::Kind::move, {}, {}, moved->to, kNoObject};
  if (const auto* gone = std::get_if<RemoveFile>(&command))
    return {Intent::Kind::remove, {}, {}, gone->path, kNoObject};
  if (const auto* gone = std::get_if<RemoveDir>(&command))
    return {Intent::Kind::remove_dir, {}, {}, gone->path, kNoObject};
  throw Error(ErrorKind::internal, "a command that changes nothing can't be intended");
}

/// An intent with what the state knows of it, and what the server is asked.
struct Question {
  Intent intent;
  std::optional<Entry> before;  ///< of what moves or goes; of the directory
  std::optional<StoredObject> object;
  std::size_t first = 0;  ///< its commands' place among all
};

class Settler {
 public:
  explicit Settler(const JobContext& context) : context_(context) {}

  void settle() {
    std::vector<Question> questions;
    for (Intent& intent : context_.state.intents(context_.job_id)) ask(std::move(intent), questions);
    for (const RemotePath& dir : version_dirs_above(expired_)) commands_.push_back(RemoveDir{dir});
    const std::vector<CommandResult> answers = context_.commands.run(commands_);
    Transaction transaction = context_.state.begin();
    for (const Question& question : questions) take(question, std::span(answers).subspan(question.first));
    context_.state.clear_intents(context_.job_id);
    transaction.commit();
  }

 private:
  void ask(Intent&& intent, std::vector<Question>& questions) {
    Question question{std::move(intent), {}, {}, commands_.size()};
    const Intent& it = question.intent;
    question.before =
        context_.state.entry(context_.job_id, it.kind == Intent::Kind::move ? it.from : it.path);
    if (it.kind == Intent::Kind::make_dir || it.kind == Intent::Kind::remove_dir) {
      commands_.push_back(MakeDir{it.name});
    } else if (it.kind == Intent::Kind::expire) {
      commands_.push_back(RemoveFile{it.name});
      expired_.push_back(it.name);
    } else {
      if (!question.before || question.before->object == kNoObject) return;  // nothing is called live
      question.object = context_.state.object(question.before->object);
      if (!question.object) return;
      commands_.push_back(SizeOf{question.object->remote_name});
      if (it.kind != Intent::Kind::remove) commands_.push_back(SizeOf{it.name});
    }
    questions.push_back(std::move(question));
  }

  void take(const Question& question, std::span<const CommandResult> answers) {
    switch (question.intent.kind) {
      case Intent::Kind::make_dir:
      case Intent::Kind::remove_dir:
        return take_dir(question, answers[0]);
      case Intent::Kind::remove:
        return take_removal(question, answers[0]);
      case Intent::Kind::move:
        return take_move(question, answers[0], answers[1]);
      case Intent::Kind::retire:
        return take_retirement(question, answers[0], answers[1]);
      case Intent::Kind::expire:
        if (answers[0].status == CommandResult::Status::done ||
            answers[0].status == CommandResult::Status::missing)
          context_.state.retire_object(question.intent.object, context_.run, State::Fate::gone);
        return;
    }
  }

  static bool is_there(const Question& question, const CommandResult& answer) {
    return answer.status == CommandResult::Status::done && answer.size == question.object->size;
  }

  /// Mode, owner and time come with the diff that follows.
  void take_dir(const Question& question, const CommandResult& made) {
    const bool there = made.status == CommandResult::Status::done;
    const bool recorded = question.before && question.before->kind == EntryKind::directory;
    if (there && !question.before) {
      Entry entry;
      entry.path = question.intent.path;
      entry.kind = EntryKind::directory;
      context_.state.record(context_.job_id, context_.run, entry);
    }
    if (!there && recorded) context_.state.forget(context_.job_id, context_.run, question.intent.path);
  }

  void take_removal(const Question& question, const CommandResult& answer) {
    if (is_there(question, answer)) return;
    if (answer.status == CommandResult::Status::missing) {
      context_.state.retire_object(question.object->id, context_.run, State::Fate::gone);
      context_.state.forget(context_.job_id, context_.run, question.before->path);
    } else {
      lose(question);
    }
  }

  void take_move(const Question& question, const CommandResult& from, const CommandResult& to) {
    if (is_there(question, from)) return;
    if (from.status != CommandResult::Status::missing || !is_there(question, to)) return lose(question);
    Entry entry = *question.before;
    entry.path = question.intent.path;
    context_.state.rename_object(question.object->id, question.intent.name);
    context_.state.forget(context_.job_id, context_.run, question.intent.from);
    context_.state.record(context_.job_id, context_.run, entry);
  }

  /// A version's name is nobody else's: whatever stands there is the object.
  void take_retirement(const Question& question, const CommandResult& from, const CommandResult& to) {
    if (to.status == CommandResult::Status::done) {
      context_.state.retire(question.object->id, context_.run, question.intent.name);
      context_.state.forget(context_.job_id, context_.run, question.before->path);
      ++context_.tally.done().retired;
    } else {
      take_removal(question, from);
    }
  }

  /// Nobody knows what stands there: it is sent again if it is still in the source, and removed otherwise.
  void lose(const Question& question) {
    Entry entry = *question.before;
    context_.state.retire_object(entry.object, context_.run, State::Fate::gone);
    entry.object = kNoObject;
    context_.state.record(context_.job_id, context_.run, entry);
  }

  const JobContext& context_;
  std::vector<Command> commands_;
  std::vector<RemotePath> expired_;
};

}  // namespace

void intend(const JobContext& context, std::span<const Action* const> actions,
            std::span<const Command> commands) {
  Transaction transaction = context.state.begin();
  for (std::size_t i = 0; i < actions.size(); ++i) {
    Intent intent = intent_of(commands[i]);
    intent.path = actions[i]->entry.path;
    intent.from = actions[i]->from;
    context.state.intend(context.job_id, context.run, intent);
  }
  transaction.commit();
}

void intend(const JobContext& context, const std::vector<Intent>& intents) {
  Transaction transaction = context.state.begin();
  for (const Intent& intent : intents) context.state.intend(context.job_id, context.run, intent);
  transaction.commit();
}

void settle_intents(const JobContext& context) {
  Settler(context).settle();
}

}  // namespace outhaul
