// What connections know of their server: told by earlier runs, found out anew, handed on.
#include "remote/endpoint.h"
#include "support/catch.h"

namespace outhaul {
namespace {

using Known = Learned::Known;
using Mtime = Learned::Mtime;

TEST_CASE("What nobody found out is handed on as it was told") {
  ServerMemory told;
  told.mlsd = false;
  told.list_all = true;
  told.size = false;
  told.answers_in_order = false;
  told.mtime = "none";
  told.hash = "XSHA256";
  told.hidden_files = true;
  told.case_sensitive = false;
  told.clock_offset_s = 7;
  told.connections = 4;
  told.connections_seen_ns = 9;
  told.limits_seen_ns = 11;
  const Learned learned(told);
  CHECK(learned.mlsd == Known::no);
  CHECK(learned.list_all == Known::yes);
  CHECK(learned.answers_in_order() == Known::no);
  CHECK(learned.mtime == Mtime::none);
  CHECK(learned.memory() == told);
  CHECK(Learned{}.memory() == ServerMemory{});
}

TEST_CASE("What was found out corrects what was told") {
  ServerMemory told;
  told.mlsd = true;
  told.mtime = "none";
  told.tls_max = "1.3";
  Learned learned(told);
  learned.mlsd = Known::no;
  learned.set_features({.mfmt = true});
  ServerMemory found;
  found.tls_max = "1.2";
  learned.note(found);
  CHECK(learned.memory().mlsd == false);
  CHECK(learned.memory().mtime == "MFMT");
  CHECK(learned.memory().tls_max == "1.2");

  learned.set_features({});
  learned.mtime = Mtime::mdtm;
  CHECK(learned.memory().mtime == "MDTM");
}

TEST_CASE("One lost connection does not prove that a server dislikes many commands at once") {
  Learned learned;
  CHECK(learned.answers_in_order() == Known::unknown);
  learned.order_broke_off();
  CHECK(learned.answers_in_order() == Known::no);  // for now
  CHECK_FALSE(learned.memory().answers_in_order.has_value());
  learned.answered_one_at_a_time();
  CHECK(learned.answers_in_order() == Known::unknown);
  learned.order_proven();
  CHECK(learned.memory().answers_in_order == true);

  Learned strict;
  for (int i = 0; i < 2; ++i) {
    strict.order_broke_off();
    strict.answered_one_at_a_time();
  }
  CHECK(strict.answers_in_order() == Known::no);
  CHECK(strict.memory().answers_in_order == false);
  CHECK(Learned(strict.memory()).answers_in_order() == Known::no);
}

TEST_CASE("One reply out of its place is enough, whatever was answered before and after it") {
  Learned learned;
  learned.order_proven();
  learned.order_disproven();
  learned.answered_one_at_a_time();
  CHECK(learned.answers_in_order() == Known::no);
  CHECK(learned.memory().answers_in_order == false);
}

}  // namespace
}  // namespace outhaul
