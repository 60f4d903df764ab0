#include "base/signals.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <initializer_list>

#include "base/cancel.h"

namespace outhaul {
namespace {

std::atomic<CancelToken*> g_token{nullptr};

extern "C" void on_signal(int number) {
  CancelToken* token = g_token.load();
  if (token == nullptr || token->cancelled()) ::_exit(128 + number);
  token->cancel(number);
}

}  // namespace

void cancel_on_signals(CancelToken& token) {
  g_token.store(&token);
  struct sigaction action = {};
  action.sa_handler = on_signal;
  ::sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction old = {};
    ::sigaction(number, nullptr, &old);
    if (number == SIGHUP && old.sa_handler == SIG_IGN) continue;
    ::sigaction(number, &action, nullptr);
  }
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, nullptr);
  ::sigaction(SIGXFSZ, &action, nullptr);
}

}  // namespace outhaul
