#include "remote/sftp_commands.h"
#include "support/catch.h"

using namespace outhaul;

TEST_CASE("free space is read from what libcurl says after statvfs") {
  const std::string told =
      "statvfs:\nf_bsize: 4096\nf_frsize: 1024\nf_blocks: 1000000\nf_bfree: 500\nf_bavail: 400\nf_files: 10\n"
      "f_ffree: 9\nf_favail: 9\nf_fsid: 77\nf_flag: 0\nf_namemax: 255\n";
  CHECK(free_bytes_in(told) == 400 * 1024);
  CHECK(free_bytes_in("statvfs:\nf_frsize: 4096\nf_blocks: 10\nf_bavail: 0\n") == 0);
  CHECK_FALSE(free_bytes_in("statvfs:\nf_frsize: 4096\nf_blocks: 0\nf_bavail: 0\n"));
  CHECK_FALSE(free_bytes_in(""));
  CHECK_FALSE(free_bytes_in("f_frsize: many"));
  CHECK(free_bytes_in("f_frsize: 4096\nf_blocks: 1\nf_bavail: 18446744073709551615\n") == UINT64_MAX);
}
