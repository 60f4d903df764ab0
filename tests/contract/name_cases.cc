// Names are bytes: whatever escape_name() lets through must arrive unchanged everywhere.
#include <algorithm>

#include "contract/remote_contract.h"
#include "support/catch.h"

namespace outhaul::test {
namespace {

using Status = CommandResult::Status;

struct Session {
  explicit Session(Subject& subject) : remote(subject.connect()), lane(remote->open_lane(cancel)) {}
  CancelToken cancel;
  std::unique_ptr<Remote> remote;
  std::unique_ptr<Lane> lane;
};

void files(Subject& subject) {
  Session s(subject);
  for (const std::string& name : nasty_wire_names(subject.traits())) {
    CAPTURE(printable(name));
    CHECK_NOTHROW(put_text(*s.lane, name, "in " + name));
    CHECK((subject.file(name) == "in " + name));
    std::string fetched;
    CHECK_NOTHROW(fetched = get_text(*s.lane, name));
    CHECK((fetched == "in " + name));
  }
  CHECK(subject.file_count() == nasty_wire_names(subject.traits()).size());
}

void listing(Subject& subject) {
  Session s(subject);
  subject.make_dir("d");
  std::vector<std::string> names = nasty_wire_names(subject.traits());
  for (const std::string& name : names) subject.put_file("d/" + name, "x");
  std::sort(names.begin(), names.end());
  std::vector<std::string> listed;
  for (const RemoteEntry& entry : s.lane->list(wire("d")).entries) listed.push_back(entry.name);
  CHECK(listed.size() == names.size());
  for (const std::string& name : names) {
    CAPTURE(printable(name));
    CHECK(std::find(listed.begin(), listed.end(), name) != listed.end());
  }
}

void directories(Subject& subject) {
  Session s(subject);
  for (const std::string& name : nasty_wire_names(subject.traits())) {
    CAPTURE(printable(name));
    const CommandResult made = run_one(*s.lane, MakeDir{wire(name)});
    if (subject.traits().refuses_star_dirs && name.find('*') != std::string::npos) {
      CHECK(made.status == Status::refused);
      CHECK(made.failure == FailureClass::skip_file);
      continue;
    }
    CHECK(made.status == Status::done);
    CHECK(subject.is_dir(name));
    CHECK_NOTHROW(put_text(*s.lane, name + "/f", "x"));
    const auto entries = s.lane->list(wire(name)).entries;
    CHECK(entries.size() == 1);
    CHECK(run_one(*s.lane, RemoveFile{wire(name + "/f")}).status == Status::done);
    CHECK(run_one(*s.lane, RemoveDir{wire(name)}).status == Status::done);
    CHECK_FALSE(subject.is_dir(name));
  }
}

void commands(Subject& subject) {
  with_each_runner(subject, [&](CommandRunner& runner) {
    for (const std::string& name : nasty_wire_names(subject.traits())) {
      CAPTURE(printable(name));
      subject.put_file("plain", "12345");
      CHECK(run_one(runner, Rename{wire("plain"), wire(name)}).status == Status::done);
      CHECK(subject.file(name) == "12345");
      CHECK(run_one(runner, SizeOf{wire(name)}).size == 5);
      if (subject.traits().sets_times) {
        CHECK(run_one(runner, SetMtime{wire(name), 1'000'000'000}).status == Status::done);
        CHECK(subject.mtime_s(name) == 1'000'000'000);
      }
      CHECK(run_one(runner, Rename{wire(name), wire("plain")}).status == Status::done);
      CHECK(subject.file("plain") == "12345");
      subject.put_file(name, "x");
      CHECK(run_one(runner, RemoveFile{wire(name)}).status == Status::done);
      CHECK_FALSE(subject.file(name));
    }
  });
}

void deep(Subject& subject) {
  Session s(subject);
  std::string path = "deep";
  std::vector<Command> batch{MakeDir{wire(path)}};
  for (int i = 0; i < 30; ++i) {
    path += "/directory number " + std::to_string(i);
    batch.emplace_back(MakeDir{wire(path)});
  }
  for (const CommandResult& result : s.lane->run(batch)) CHECK(result.status == Status::done);
  put_text(*s.lane, path + "/file", "down here");
  CHECK(subject.file(path + "/file") == "down here");
  CHECK(get_text(*s.lane, path + "/file") == "down here");
}

constexpr ContractCase kNameCases[] = {
    {"pain 16: files of nasty names are stored and fetched", files},
    {"nasty names are listed as they are", listing},
    {"pain 16: directories of nasty names are made and listed and removed", directories},
    {"commands reach files of nasty names", commands},
    {"a deep path is reached", deep},
};

}  // namespace

std::span<const ContractCase> name_cases() {
  return kNameCases;
}

}  // namespace outhaul::test
