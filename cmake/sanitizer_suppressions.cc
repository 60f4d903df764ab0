// What AddressSanitizer finds in libraries of others, what is known of it, and how it runs here.

/// libssh2 1.10 copies within one list of algorithms with memcpy instead of memmove
/// (libssh2_session_method_pref), whenever known_hosts has the server's key: some bytes to the left, by which
/// no memcpy in use is led astray.
extern "C" const char* __asan_default_suppressions() {
  return "interceptor_via_lib:libssh2.so\n";
}

/// Freed memory is kept back from its next use, so that a late access is seen. The usual 256 MiB of it for each of some
/// thousand short processes cost half of their time.
extern "C" const char* __asan_default_options() {
  return "quarantine_size_mb=16";
}
