// The matrix: every case of the contract on every remote, as one test case each. Tags name the cell: [fake],
// [file], [proftpd-plain], [vsftpd-explicit], …; ctest runs one process per cell, so that a cell starts its
// server once.
#include <fmt/format.h>

#include <array>
#include <deque>

#include "contract/remote_contract.h"
#include "support/catch.h"

namespace outhaul::test {
namespace {

struct Cell {
  const char* tag;
  std::unique_ptr<Subject> (*make)();
  const char* name;
};

template <ServerKind kind, Tls tls>
std::unique_ptr<Subject> live() {
  return make_live_subject(kind, tls);
}

constexpr std::array kCells{
    Cell{"fake", make_fake_subject, "the fake"},
    Cell{"file", make_file_subject, "a mounted disk"},
    Cell{"proftpd-plain", live<ServerKind::proftpd, Tls::none>, "proftpd plain"},
    Cell{"proftpd-explicit", live<ServerKind::proftpd, Tls::explicit_>, "proftpd explicit tls"},
    Cell{"proftpd-implicit", live<ServerKind::proftpd, Tls::implicit>, "proftpd implicit tls"},
    Cell{"vsftpd-plain", live<ServerKind::vsftpd, Tls::none>, "vsftpd plain"},
    Cell{"vsftpd-explicit", live<ServerKind::vsftpd, Tls::explicit_>, "vsftpd explicit tls"},
    Cell{"vsftpd-implicit", live<ServerKind::vsftpd, Tls::implicit>, "vsftpd implicit tls"},
    Cell{"pureftpd-plain", live<ServerKind::pureftpd, Tls::none>, "pureftpd plain"},
    Cell{"pureftpd-explicit", live<ServerKind::pureftpd, Tls::explicit_>, "pureftpd explicit tls"},
    Cell{"sshd", live<ServerKind::sshd, Tls::none>, "sshd"},
    Cell{"pyftpdlib-plain", live<ServerKind::pyftpdlib, Tls::none>, "pyftpdlib plain"},
    Cell{"ftp-srv-plain", live<ServerKind::ftp_srv, Tls::none>, "ftp-srv plain"},
    Cell{"ftp-srv-implicit", live<ServerKind::ftp_srv, Tls::implicit>, "ftp-srv implicit tls"},
};

struct Test {
  const Cell* cell;
  const ContractCase* contract_case;
  std::string name, tags;
};

// The frame registers plain functions only: function N runs test N.
constexpr std::size_t kMostTests = 1000;
std::deque<Test>& tests() {
  static std::deque<Test> all;
  return all;
}

void run_test(std::size_t number) {
  const Test& test = tests().at(number);
  const std::unique_ptr<Subject> subject = test.cell->make();
  try {
    test.contract_case->run(*subject);
  } catch (const Error& error) {
    FAIL_CHECK(error.what() << " (" << error.advice() << ")");
  }
}

template <std::size_t number>
void function() {
  run_test(number);
}

template <std::size_t... numbers>
constexpr auto functions_of(std::index_sequence<numbers...>) {
  return std::array<void (*)(), sizeof...(numbers)>{function<numbers>...};
}
constexpr auto kFunctions = functions_of(std::make_index_sequence<kMostTests>());

void add(const Cell& cell, std::span<const ContractCase> cases) {
  for (const ContractCase& contract_case : cases) {
    if (contract_case.ftp_only && std::string_view(cell.tag) == "sshd") continue;
    const std::size_t number = tests().size();
    tests().push_back(
        {&cell, &contract_case, fmt::format("remote contract on {}: {}", cell.name, contract_case.name),
         fmt::format("[{}]", cell.tag)});
    const Test& test = tests().back();
    REGISTER_TEST_CASE(kFunctions.at(number), test.name, test.tags);
  }
}

bool register_all() {
  for (const Cell& cell : kCells) {
    for (const auto cases : {transfer_cases(), command_cases(), name_cases(), session_cases()})
      add(cell, cases);
    const bool is_live = std::string_view(cell.tag) != "fake" && std::string_view(cell.tag) != "file";
    if (is_live) add(cell, live_cases());
    if (std::string_view(cell.tag) == "sshd") add(cell, sftp_cases());
  }
  return true;
}

const bool g_registered = register_all();

}  // namespace
}  // namespace outhaul::test
