#include "remote/connect.h"

#include "remote/command_channel.h"
#include "remote/endpoint.h"
#include "remote/file_remote.h"
#include "remote/ftp_lane.h"
#include "remote/own_names.h"
#include "remote/sftp_lane.h"

namespace outhaul {
namespace {

class FtpRemote final : public Remote {
 public:
  explicit FtpRemote(std::shared_ptr<Endpoint> endpoint) : endpoint_(std::move(endpoint)) {}

  std::unique_ptr<Lane> open_lane(const CancelToken& cancel) override {
    return make_ftp_lane(endpoint_, cancel);
  }
  std::unique_ptr<CommandRunner> open_channel(const CancelToken& cancel) override {
    return make_command_channel(endpoint_, cancel);
  }
  std::string describe() const override { return printable(endpoint_->settings.url); }
  ServerMemory memory() const override { return endpoint_->memory(); }
  void note(const ServerMemory& found) override { endpoint_->learned.note(found); }
  void upload_was_lost() override { endpoint_->tls_versions.may_have_failed(endpoint_->tls_versions.most()); }

 private:
  std::shared_ptr<Endpoint> endpoint_;
};

std::unique_ptr<Remote> make_remote(const RemoteSettings& settings, const Login& login,
                                    const ServerMemory& memory) {
  if (settings.scheme == Scheme::file) return make_file_remote(settings, memory);
  if (settings.scheme == Scheme::sftp) return make_sftp_remote(settings, login, memory);
  return std::make_unique<FtpRemote>(std::make_shared<Endpoint>(settings, login, memory));
}

}  // namespace

std::unique_ptr<Remote> connect(const RemoteSettings& settings, const Login& login,
                                const ServerMemory& memory) {
  return with_own_names(make_remote(settings, login, memory), settings.names.own);
}

}  // namespace outhaul
