// What AddressSanitizer finds in libraries of others, and what is known of it.

/// libssh2 1.10 copies within one list of algorithms with memcpy instead of memmove
/// (libssh2_session_method_pref), whenever known_hosts has the server's key: some bytes to the left, by which
/// no memcpy in use is led astray.
extern "C" const char* __asan_default_suppressions() {
  return "interceptor_via_lib:libssh2.so\n";
}
