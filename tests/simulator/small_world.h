#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "simulator/fixture.h"
#include "simulator/service.h"
#include "web/http.h"

/// A small simulated world, and ways to ask it.
namespace aka::simulator::test {

inline const std::string kOrg = "5f1a2b3c4d5e6f7a8b9c0d1e";
inline const std::string kForeignOrg = "5f1a2b3c4d5e6f7a8b9c0d9e";
inline const std::string kCloudManagerOrg = "5f1a2b3c4d5e6f7a8b9c0dce";
inline const std::string kKey = "64aa11bb22cc33dd44ee55f1";       ///< three roles
inline const std::string kBareKey = "64aa11bb22cc33dd44ee55f2";   ///< no desc, no roles
inline const std::string kReader = "64aa11bb22cc33dd44ee55f3";    ///< "readerpk", ORG_READ_ONLY
inline const std::string kOwner = "64aa11bb22cc33dd44ee55f4";     ///< "ownerpky", ORG_OWNER
inline const std::string kOutsider = "64aa11bb22cc33dd44ee55f5";  ///< "outsider", no org role
inline const std::string kFarAway = "64aa11bb22cc33dd44ee55f6";   ///< "farawayk", from 10.0.0.0/8
inline const std::string kProject = "5f1a2b3c4d5e6f7a8b9c0d2f";

/// Starts a day after the epoch and moves when told; nobody waits on it.
class StillClock final : public base::Clock {
 public:
  base::WallTime wall() const override { return base::WallTime(now_); }
  base::SteadyTime steady() const override { return base::SteadyTime(now_.load()); }
  void wait_until(std::condition_variable&, std::unique_lock<std::mutex>&,
                  base::SteadyTime) const override {}
  void advance(std::chrono::milliseconds by) { now_ = now_.load() + by; }

 private:
  std::atomic<std::chrono::milliseconds> now_{std::chrono::hours(24)};
};

std::string fixture_json();
Fixture fixture();
/// Secrets by the name of their file: there is none.
base::Result<base::Secret> no_files(const std::string& file);

web::Request request(std::string method, std::string target, std::string body = {});

/// A client of the service that logs in as `public_key`, without a network: each ask() is answered
/// after the challenge.
class Client {
 public:
  Client(Service& service, std::string public_key)
      : service_(service), public_key_(std::move(public_key)) {}

  web::Response ask(web::Request request);
  web::Response get(const std::string& target) { return ask(request("GET", target)); }

 private:
  Service& service_;
  std::string public_key_;
};

/// The private key of a public one, in the fixture.
std::string secret_of(std::string_view public_key);

/// The Authorization header that answers `challenge` for the request.
std::string authorization(std::string_view challenge, const web::Request& request,
                          const std::string& public_key, const std::string& secret,
                          const std::string& nc = "00000001");

std::string header_of(const web::Response& response, std::string_view name);
/// What a generated body comes to; `stop_after` bytes the sink says no.
std::string generated(const web::Response& response, std::size_t stop_after = 1U << 30);

}  // namespace aka::simulator::test
