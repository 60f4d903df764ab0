#include "profile/json_document.h"

#include "profile/json_syntax.h"
#include "support/catch.h"

using namespace outhaul;

namespace {

ProfileFault only_fault(std::string_view text) {
  Faults faults;
  parse_json(text, faults);
  const auto all = faults.take();
  REQUIRE(all.size() == 1);
  return all.front();
}

}  // namespace

TEST_CASE("whole numbers are whole however they are written") {
  Faults faults;
  const auto array = parse_json("[4, 4.0, 4e0, -4, 1.5, 1e30, 18446744073709551615]", faults);
  REQUIRE(array);
  const std::vector<std::optional<std::int64_t>> expected{4,           4, 4, -4, std::nullopt, std::nullopt,
                                                          std::nullopt};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(i);
    CHECK(array->items[i].integer == expected[i]);
  }
}

TEST_CASE("a syntax error names line and column and what may be wrong") {
  const auto [text, found, hint] = GENERATE(table<std::string, std::string, std::string>({
      {"", "an empty file", "write a first one with: outhaul init"},
      {" \n", "an empty file", "write a first one with: outhaul init"},
      {"{\"a\": 1,\n", "line 2, column 1: the file ends in the middle",
       "a closing bracket or quote is missing, or the file was cut off"},
      {"{\n  \"a\": 1,\n}\n", "line 3, column 1: unexpected '}'",
       "remove the comma before the closing bracket"},
      {"[1, 2,]", "line 1, column 7: unexpected ']'", "remove the comma before the closing bracket"},
      {"{\n  \"\xC3\xA9\": \"x\"\n  \"b\": 2\n}", "line 3, column 3: unexpected string literal",
       "a comma may be missing before it"},
      {"{\n  // why\n}", "line 2, column 3: invalid literal",
       "JSON has no comments; use a \"description\" key instead"},
      {"{'a': 1}", "line 1, column 2: invalid literal", "JSON strings stand in double quotes"},
      {"{\"a\": 1e999}", "line 1, column 7: a number that is too large", ""},
  }));
  CAPTURE(text);
  const ProfileFault fault = only_fault(text);
  CHECK(fault.pointer.empty());
  CHECK(fault.found == found);
  CHECK_FALSE(fault.expected.empty());
  CHECK(fault.hint == hint);
}

TEST_CASE("a syntax error never quotes the text since it may be a secret") {
  for (const char* text : {"{\"password\": \"hunter2\n\"}", "{\"password\": hunter2}",
                           "{\"password\": \"hunter2\" \"x\"}", "{\"password\": \"hunter2"}) {
    const ProfileFault fault = only_fault(text);
    CHECK((fault.found + fault.expected + fault.hint).find("unter2") == std::string::npos);
  }
}

TEST_CASE("bytes that are not UTF-8 are named with their place") {
  CHECK(only_fault("{\n  \"a\": \"\xE9\"}").found == "line 2, column 9: the byte 0xE9, which is not UTF-8");
  CHECK(first_invalid_utf8("\xED\xA0\x80") == 0u);
  CHECK(first_invalid_utf8("a\xC0\xAF") == 1u);
  CHECK(first_invalid_utf8("\xF4\x90\x80\x80") == 0u);
  CHECK(first_invalid_utf8("\xE2\x82") == 0u);
  CHECK_FALSE(first_invalid_utf8("h\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"));
}

TEST_CASE("a key that comes twice is named with its pointer") {
  CHECK(only_fault(R"({"jobs": [{}, {"a/b": 1, "a/b": 3}]})").pointer == "/jobs/1/a~1b");
  CHECK(only_fault(R"({"~": {"x": 1, "y": [], "x": 2}})").pointer == "/~0/x");
  CHECK(only_fault(R"({"x": 1, "x": 2})").found == "the key comes twice in its object");
}

TEST_CASE("a file of brackets is refused instead of eating the stack") {
  CHECK(only_fault(std::string(200000, '[')).found == "brackets nested more than 64 deep");
}

TEST_CASE("a value is described without giving away what a URL may hide") {
  Faults faults;
  const auto describe_text = [&](std::string_view text) { return describe(*parse_json(text, faults)); };
  CHECK(describe_text("\"yes\"") == "the string \"yes\"");
  CHECK(describe_text("\"\"") == "an empty string");
  CHECK(describe_text("\"a\\u001bb\"") == "the string \"a\\x1Bb\"");
  CHECK(describe_text("\"ftp://u:secret@h\"") == "the string \"ftp://…\"");
  CHECK(describe_text("1.50") == "the number 1.50");
  CHECK(describe_text("null") == "null");
  CHECK(describe_text("[]") == "an empty array");
  CHECK(describe_text("{\"a\":1}") == "an object");
}
