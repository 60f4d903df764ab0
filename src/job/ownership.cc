#include "job/ownership.h"

#include <fmt/format.h>

#include <array>

#include "base/machine.h"
#include "job/remote_identity.h"

namespace outhaul {
namespace {

using Status = CommandResult::Status;

/// Throws where the server didn't answer the question.
void insist_on(const CommandResult& answer) {
  const bool refused_for_more = answer.status == Status::refused && answer.failure != FailureClass::skip_file;
  if (answer.status != Status::unanswered && !refused_for_more) return;
  throw RemoteError(answer.failure == FailureClass::none ? FailureClass::reconnect : answer.failure,
                    answer.reply_text.empty() ? "the connection broke before the answer" : answer.reply_text,
                    {}, answer.reply_code, answer.reply_text);
}

constexpr std::string_view kScope = "remote", kMarked = "marked", kMarkedDir = "marked_in";

/// A state without the fact is of a time when it had one name only.
std::string marked_dir(const State& state) {
  return state.server_fact(kScope, kMarkedDir).value_or(std::string(kControlDir));
}

Error not_renamed(const Remote& remote, const std::string& dir, const std::string& before) {
  return {ErrorKind::guard,
          fmt::format("{}: the profile says that outhaul's own directory there is called {}, but there is no "
                      "mark of this backup in it ({}/owner.json); up to now the directory was {}",
                      remote.describe(), dir, dir, before),
          fmt::format("Rename {} to {} on the server with any client, or set \"control_dir\" back to \"{}\".",
                      before, dir, before)};
}

}  // namespace

void remember_mark(State& state, const Profile& profile) {
  if (!state.server_fact(kScope, kMarked)) state.set_server_fact(kScope, kMarked, "yes");
  const std::string& dir = profile.remote.names.own.dir;
  if (marked_dir(state) != dir) state.set_server_fact(kScope, kMarkedDir, dir);
}

bool control_dir_changed(const State& state, const Profile& profile) {
  return state.server_fact(kScope, kMarked) && marked_dir(state) != profile.remote.names.own.dir;
}

void forget_mark(State& state) {
  state.forget_server_fact(kScope, kMarked);
}

/// Nobody has said that it may begin anew, and a run that only adds would call that a success.
Error OwnershipGate::lost_mark(const Remote& remote) const {
  if (dir_ != dir_before_) return not_renamed(remote, dir_, dir_before_);
  return {
      ErrorKind::guard,
      fmt::format("{} no longer has the mark of this backup ({}/owner.json): it is another place, or "
                  "what was stored there is gone",
                  remote.describe(), dir_),
      "Is the disk mounted, and the URL the right one? If so, let `outhaul verify` look at everything: it "
      "names what is missing, and the next run sends that again."};
}

Owner owner_of(const Profile& profile, const State& state, const Clock& clock) {
  Owner owner;
  owner.state_id = state.id();
  owner.profile = profile.name;
  owner.host = host_name();
  owner.since_ns = clock.now_ns();
  owner.outhaul = OUTHAUL_VERSION;
  return owner;
}

OwnershipGate::OwnershipGate(const Profile& profile, const State& state, const Environment& environment,
                             Claim claim)
    : self_(owner_of(profile, state, environment.clock)),
      environment_(environment),
      retry_(environment.retry_for(profile)),
      append_only_(profile.append_only()),
      keeps_private_(profile.keeps_private()),
      has_marker_(profile.claims_remote),
      claim_(has_marker_ ? claim : Claim::never),
      was_marked_(has_marker_ && has_stored(state) && state.server_fact(kScope, kMarked).has_value()),
      dir_(profile.remote.names.own.dir),
      dir_before_(marked_dir(state)) {}

LazyRemote::Gate OwnershipGate::gate() {
  return [this](Remote& real, CommandRunner& runner) { ask(real, runner); };
}

std::optional<GuardRefusal> OwnershipGate::refusal() const {
  const std::lock_guard lock(mutex_);
  return refusal_;
}

/// The connection rests while another one asks at length: a server may allow only one.
void OwnershipGate::ask(Remote& real, CommandRunner& runner) {
  const std::array<Command, 2> questions{SizeOf{owner_file()}, SizeOf{owner_marker(self_.state_id)}};
  const std::vector<CommandResult> answers = runner.run(std::span(questions).first(has_marker_ ? 2 : 1));
  for (const CommandResult& answer : answers) insist_on(answer);
  const bool free = answers.front().status == Status::missing;
  if (has_marker_ && answers.back().status == Status::done) mark_ = Mark::there;
  if (has_marker_ ? answers.back().status == Status::done : free) return;
  runner.rest();
  try {
    ask_at_length(real, free);
    // A server that hides it would seem to have lost it the next time.
    if (claim_ == Claim::if_free && runner.run(std::span(questions).last(1)).front().status == Status::done)
      mark_ = Mark::there;
  } catch (const RemoteError&) {
    throw;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::guard) throw;
    const std::lock_guard lock(mutex_);
    refusal_ = GuardRefusal{mark_ == Mark::lost ? Guard::lost_mark : Guard::foreign_remote, error.what(),
                            error.advice(), false};
    throw RemoteError(FailureClass::stop_run, error.what(), error.advice());
  }
}

void OwnershipGate::ask_at_length(Remote& real, bool free) {
  Carrier carrier({real, retry_, environment_.clock, environment_.cancel, environment_.events, append_only_,
                   keeps_private_});
  if (free && was_marked_) mark_ = Mark::lost;
  // Under another name of the directory everything of it would seem to be lost: nobody may conclude that.
  if (mark_ == Mark::lost && (claim_ == Claim::if_free || dir_ != dir_before_)) throw lost_mark(real);
  if (claim_ == Claim::if_free)
    require_ownership(carrier, self_, free);
  else if (!free)
    refuse_another_owner(carrier, self_.state_id);
}

RemoteTakenOver take_remote_over(const Profile& profile, const State& state, Remote& remote,
                                 const Environment& environment) {
  if (!profile.claims_remote) return {};
  if (control_dir_changed(state, profile)) {
    const Command question = SizeOf{owner_marker(state.id())};
    const CommandResult answer =
        remote.open_channel(environment.cancel)->run(std::span(&question, 1)).front();
    insist_on(answer);
    if (answer.status != Status::done)
      throw not_renamed(remote, profile.remote.names.own.dir, marked_dir(state));
  }
  Carrier carrier({remote, environment.retry_for(profile), environment.clock, environment.cancel,
                   environment.events, profile.append_only(), profile.keeps_private()});
  const Owner self = owner_of(profile, state, environment.clock);
  const Takeover takeover = take_over(carrier, self);
  const auto& before = takeover.before;
  const bool lost_one_of_ours = before && before->host == self.host && before->profile == self.profile;
  return {before && !lost_one_of_ours ? in_words(*before) : std::string{}, takeover.shut_out};
}

}  // namespace outhaul
