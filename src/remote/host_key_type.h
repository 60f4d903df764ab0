// Which type of host key to ask an SSH server for. Private to this layer.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace outhaul {

class CancelToken;

/// Shared by all connections to one server. Only one at a time tries one type after the other: each try is a
/// connection that ends without a login, and sshd from 9.8 on locks out who makes many of those. Thread-safe.
class HostKeyType {
 public:
  /// Whoever may try. To be destroyed when the connection stands or has failed.
  class Turn {
   public:
    Turn() = default;
    explicit Turn(HostKeyType& type) : type_(&type) {}
    Turn(Turn&& other) noexcept : type_(std::exchange(other.type_, nullptr)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (type_ != nullptr) type_->give_up();
    }

   private:
    HostKeyType* type_ = nullptr;
  };
  /// Waits while another one tries, unless `cancel` fires. Nobody's turn when the type is known.
  Turn wait(const CancelToken& cancel);
  /// What is to be asked for first; nullopt: nobody knows. Empty: any.
  std::optional<std::string> known() const;
  void found(std::string type);
  /// It isn't that any more.
  void forget();

 private:
  void give_up();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool trying_ = false;               // guarded by mutex_
  std::optional<std::string> known_;  // guarded by mutex_
};

}  // namespace outhaul
