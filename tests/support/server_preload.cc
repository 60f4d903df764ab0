// Preloaded into the servers, so that Debian's unchanged binaries serve one private user wherever the tests
// run: as root or not, in a container or not, without system accounts, PAM services, user namespaces or
// syslog.
//
// For all of them: the only account is the test's, and writes below the served directory can run out of
// space. With OUTHAUL_TEST_FAKE_ROOT, for vsftpd and Pure-FTPd, which insist on root: becoming another user
// and chroot succeed without effect (the process already is the user that serves: real root gives itself up
// when this library loads), PAM asks the environment, syslog goes to a file, and a server's sessions stay in
// its process group. With OUTHAUL_TEST_DROP_ROOT, for sshd, which serves its own user when it isn't root:
// real root gives itself up, too, and the shadow entry has the password's hash from the environment.
// OUTHAUL_TEST_CHROOT makes chroot real again, OUTHAUL_TEST_SHELL is the user's shell (dropbear), and
// OUTHAUL_TEST_CONFIG is read where the program would read its own file below /etc (MySecureShell). All that
// is FTP, TLS, SSH and file handling is the server's own.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sched.h>
#include <shadow.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <string_view>

// Linux-PAM's ABI; its headers are not needed to build outhaul, so they are not asked for here.
extern "C" {
struct pam_message {
  int style;
  const char* text;
};
struct pam_response {
  char* text;
  int unused;
};
struct pam_conv {
  int (*ask)(int count, const pam_message** messages, pam_response** answers, void* data);
  void* data;
};
struct pam_handle {
  pam_conv conversation;
  std::string user;
};
}

namespace {

constexpr int kPamSuccess = 0, kPamAuthError = 7, kPamPromptEchoOff = 1, kPamUser = 2, kPamConversation = 5;

struct Settings {
  std::string user, password, home, log;
  uid_t uid = 0;  // who serves
  gid_t gid = 0;
  bool fakes_root = false;
  bool drops_root = false;
  bool changes_root = false;
  std::atomic<long long>* free_space =
      nullptr;  // in a mapped file that the test writes to; negative: unlimited
};

std::string variable(const char* name) {
  const char* value = ::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

unsigned id(const char* name) {
  return static_cast<unsigned>(std::strtoul(variable(name).c_str(), nullptr, 10));
}

std::atomic<long long>* map_free_space(const std::string& file) {
  if (file.empty()) return nullptr;
  const int fd = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return nullptr;
  void* map = ::mmap(nullptr, sizeof(long long), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ::close(fd);
  return map == MAP_FAILED ? nullptr : static_cast<std::atomic<long long>*>(map);
}

template <typename Function>
Function real(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

// Leaked on purpose: servers call these functions until their very end.
Settings& settings() {
  static Settings* const the = [] {
    return new Settings{variable("OUTHAUL_TEST_USER"),
                        variable("OUTHAUL_TEST_PASSWORD"),
                        variable("OUTHAUL_TEST_HOME"),
                        variable("OUTHAUL_TEST_LOG"),
                        id("OUTHAUL_TEST_UID"),
                        id("OUTHAUL_TEST_GID"),
                        !variable("OUTHAUL_TEST_FAKE_ROOT").empty(),
                        !variable("OUTHAUL_TEST_DROP_ROOT").empty(),
                        !variable("OUTHAUL_TEST_CHROOT").empty(),
                        map_free_space(variable("OUTHAUL_TEST_SPACE"))};
  }();
  return *the;
}

uid_t real_uid() {
  return real<uid_t (*)()>("getuid")();
}

/// Root keeps this one capability; somebody else has it in a user namespace of his own.
void allow_chroot() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  data[0].permitted = data[0].effective = 1U << CAP_SYS_CHROOT;
  if (::syscall(SYS_capset, &header, data) != 0 && ::unshare(CLONE_NEWUSER) != 0) ::_exit(126);
}

// The loader has read the binary and its libraries as root, so that they may lie where only root can go.
__attribute__((constructor)) void give_up_root() {
  if (!settings().fakes_root && !settings().drops_root) return;
  if (real_uid() != 0) {
    if (settings().changes_root) allow_chroot();
    return;
  }
  ::prctl(PR_SET_KEEPCAPS, settings().changes_root ? 1 : 0);
  const uid_t uid = settings().uid;
  const gid_t gid = settings().gid;
  if (real<int (*)(size_t, const gid_t*)>("setgroups")(0, nullptr) != 0 ||
      real<int (*)(gid_t)>("setgid")(gid) != 0 || real<int (*)(uid_t)>("setuid")(uid) != 0) {
    ::_exit(126);
  }
  if (settings().changes_root) allow_chroot();
}

uid_t g_effective = 0;  // what the server believes that it is

template <typename... Arguments>
int become(const char* name, uid_t believed, Arguments... arguments) {
  if (!settings().fakes_root) return real<int (*)(Arguments...)>(name)(arguments...);
  if (believed != static_cast<uid_t>(-1)) g_effective = believed;
  return 0;
}
constexpr auto kUnchanged = static_cast<uid_t>(-1);

passwd* account() {
  static passwd entry = {};
  static std::string home = settings().home;
  static std::string shell =
      variable("OUTHAUL_TEST_SHELL").empty() ? "/bin/sh" : variable("OUTHAUL_TEST_SHELL");
  static char nothing[] = "", hidden[] = "x";
  entry.pw_name = settings().user.data();
  entry.pw_passwd = hidden;
  entry.pw_uid = settings().uid;
  entry.pw_gid = settings().gid;
  entry.pw_gecos = nothing;
  entry.pw_dir = home.data();
  entry.pw_shell = shell.data();
  return &entry;
}

void log_line(const char* format, va_list arguments) {
  char line[4096];
  const int written = ::vsnprintf(line, sizeof line - 1, format, arguments);
  if (written < 0) return;
  size_t length =
      static_cast<size_t>(written) < sizeof line - 1 ? static_cast<size_t>(written) : sizeof line - 2;
  line[length++] = '\n';
  const int fd = ::open(settings().log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) return;
  real<ssize_t (*)(int, const void*, size_t)>("write")(fd, line, length);
  ::close(fd);
}

bool is_served_file(int fd) {
  struct stat st = {};
  if (::fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) return false;
  char target[4096];
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t length = ::readlink(link.c_str(), target, sizeof target);
  const std::string& home = settings().home;
  return length > static_cast<ssize_t>(home.size()) && ::memcmp(target, home.data(), home.size()) == 0 &&
         target[home.size()] == '/';
}

// How much of `wanted` still fits; takes it. Like a real disk, the last write before ENOSPC may be a short
// one.
size_t take_space(int fd, size_t wanted) {
  std::atomic<long long>* free_space = settings().free_space;
  if (free_space == nullptr || wanted == 0 || free_space->load() < 0 || !is_served_file(fd)) return wanted;
  long long now = free_space->load();
  for (;;) {
    const long long taken = now < static_cast<long long>(wanted) ? now : static_cast<long long>(wanted);
    if (free_space->compare_exchange_weak(now, now - taken)) return static_cast<size_t>(taken);
  }
}

}  // namespace

extern "C" {

uid_t getuid() {
  return settings().fakes_root ? g_effective : real_uid();
}
uid_t geteuid() {
  return settings().fakes_root ? g_effective : real<uid_t (*)()>("geteuid")();
}
int setuid(uid_t uid) {
  return become("setuid", uid, uid);
}
int seteuid(uid_t uid) {
  return become("seteuid", uid, uid);
}
int setreuid(uid_t r, uid_t e) {
  return become("setreuid", e, r, e);
}
int setresuid(uid_t r, uid_t e, uid_t s) {
  return become("setresuid", e, r, e, s);
}
int setgid(gid_t gid) {
  return become("setgid", kUnchanged, gid);
}
int setegid(gid_t gid) {
  return become("setegid", kUnchanged, gid);
}
int setregid(gid_t r, gid_t e) {
  return become("setregid", kUnchanged, r, e);
}
int setresgid(gid_t r, gid_t e, gid_t s) {
  return become("setresgid", kUnchanged, r, e, s);
}
int setgroups(size_t count, const gid_t* groups) noexcept {
  return become("setgroups", kUnchanged, count, groups);
}
int initgroups(const char* user, gid_t gid) {
  return become("initgroups", kUnchanged, user, gid);
}
int chroot(const char* path) noexcept {
  if (settings().changes_root) return real<int (*)(const char*)>("chroot")(path);
  return become("chroot", kUnchanged, path);
}
int cap_set_proc(void* caps) {
  return become("cap_set_proc", kUnchanged, caps);
}
// vsftpd makes sure that it leads a session; it may believe so, but stays in the group that the test can
// kill.
pid_t getpgrp() noexcept {
  return settings().fakes_root ? ::getpid() : real<pid_t (*)()>("getpgrp")();
}
pid_t setsid() noexcept {
  return settings().fakes_root || settings().drops_root ? ::getpid() : real<pid_t (*)()>("setsid")();
}

// vsftpd reads a configuration only if it belongs to root, which it believes to be.
int stat64(const char* path, struct stat64* st) noexcept {
  const int result = real<int (*)(const char*, struct stat64*)>("stat64")(path, st);
  const bool served = std::string_view(path).starts_with(settings().home);
  if (result == 0 && settings().fakes_root && !served && st->st_uid == settings().uid) st->st_uid = 0;
  return result;
}

passwd* getpwnam(const char*) {
  return account();
}
char* getusershell() noexcept {
  static bool told = false;
  told = !told;
  return told ? account()->pw_shell : nullptr;
}
void setusershell() noexcept {}
void endusershell() noexcept {}

FILE* fopen(const char* path, const char* mode) {
  static const auto real_fopen = real<FILE* (*)(const char*, const char*)>("fopen");
  static const std::string config = variable("OUTHAUL_TEST_CONFIG");
  const bool replaced = !config.empty() && std::string_view(path) == "/etc/ssh/sftp_config";
  return real_fopen(replaced ? config.c_str() : path, mode);
}
spwd* getspnam(const char*) {
  static spwd entry = {};
  static std::string hash = variable("OUTHAUL_TEST_HASH");
  entry.sp_namp = settings().user.data();
  entry.sp_pwdp = hash.data();
  entry.sp_lstchg = entry.sp_min = entry.sp_max = entry.sp_warn = entry.sp_inact = entry.sp_expire = -1;
  return &entry;
}
group* getgrnam(const char*) {
  static group entry = {};
  static char* no_members[] = {nullptr};
  entry.gr_name = entry.gr_passwd = settings().user.data();
  entry.gr_gid = settings().gid;
  entry.gr_mem = no_members;
  return &entry;
}

void openlog(const char*, int, int) {}
void closelog() {}
void syslog(int, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  log_line(format, arguments);
  va_end(arguments);
}
void __syslog_chk(int, int, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  log_line(format, arguments);
  va_end(arguments);
}

ssize_t write(int fd, const void* data, size_t size) {
  static const auto real_write = real<ssize_t (*)(int, const void*, size_t)>("write");
  const size_t fits = take_space(fd, size);
  if (fits > 0 || size == 0) return real_write(fd, data, fits);
  errno = ENOSPC;
  return -1;
}
ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  static const auto real_pwrite = real<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite64");
  const size_t fits = take_space(fd, size);
  if (fits > 0 || size == 0) return real_pwrite(fd, data, fits, offset);
  errno = ENOSPC;
  return -1;
}
ssize_t pwrite64(int fd, const void* data, size_t size, off_t offset) {
  return pwrite(fd, data, size, offset);
}

int pam_start(const char*, const char* user, const pam_conv* conversation, pam_handle** handle) {
  *handle = new pam_handle{*conversation, user == nullptr ? "" : user};
  return kPamSuccess;
}
int pam_end(pam_handle* handle, int) {
  delete handle;
  return kPamSuccess;
}
int pam_authenticate(pam_handle* handle, int) {
  const pam_message question{kPamPromptEchoOff, "Password: "};
  const pam_message* questions[] = {&question};
  pam_response* answer = nullptr;
  if (handle->conversation.ask(1, questions, &answer, handle->conversation.data) != kPamSuccess ||
      answer == nullptr) {
    return kPamAuthError;
  }
  const bool right =
      answer->text != nullptr && settings().password == answer->text && handle->user == settings().user;
  ::free(answer->text);
  ::free(answer);
  return right ? kPamSuccess : kPamAuthError;
}
int pam_get_item(const pam_handle* handle, int item, const void** value) {
  *value = item == kPamUser ? handle->user.c_str() : nullptr;
  return kPamSuccess;
}
int pam_set_item(pam_handle* handle, int item, const void* value) {
  if (item == kPamConversation) handle->conversation = *static_cast<const pam_conv*>(value);
  return kPamSuccess;
}
const char* pam_strerror(pam_handle*, int) {
  return "no";
}
int pam_putenv(pam_handle*, const char*) {
  return kPamSuccess;
}
char** pam_getenvlist(pam_handle*) {
  return static_cast<char**>(::calloc(1, sizeof(char*)));
}
int pam_acct_mgmt(pam_handle*, int) {
  return kPamSuccess;
}
int pam_setcred(pam_handle*, int) {
  return kPamSuccess;
}
int pam_open_session(pam_handle*, int) {
  return kPamSuccess;
}
int pam_close_session(pam_handle*, int) {
  return kPamSuccess;
}

}  // extern "C"
