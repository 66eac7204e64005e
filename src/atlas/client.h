#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "atlas/auth/authenticator.h"
#include "atlas/key_page.h"
#include "atlas/rate_facts.h"
#include "atlas/service.h"
#include "base/clock.h"
#include "http/transport.h"
#include "model/ids.h"
#include "model/observation.h"

namespace aka::atlas {

/// What every call of the API costs and tells, whatever was asked.
struct Traffic {
  int http_status = 0;     ///< 0 without an answer
  std::vector<Sent> sent;  ///< every request to the API, a digest challenge included, in order
  RateFacts rate;          ///< of the last answer
};

/// What one poll of one key brought.
struct Fetched : Traffic {
  model::Answer answer;
};

/// What one page of an organization's list of keys brought. With `fetch: list`, each key on it is
/// as good as a poll of that key.
struct FetchedPage : Traffic {
  tl::expected<KeyPage, model::Failure> page;
};

/// What the service says of the key that asks; nothing if the caller is none.
struct FetchedCaller : Traffic {
  tl::expected<std::optional<model::KeyRecord>, model::Failure> caller;
};

/// One connection to the service with its authenticator. Used by one thread at a time.
class Client {
 public:
  /// `transport` goes to the service's origin, the only one that ever sees the credential, and
  /// names this program to it. `clock` must outlive the client.
  Client(std::shared_ptr<const Service> service, std::shared_ptr<Credential> credential,
         std::unique_ptr<http::HttpTransport> transport, const base::Clock& clock);

  /// Asks for one key. `until` bounds the whole poll, whatever the client's clock says.
  /// Nothing exactly if a stop was requested before the answer was there.
  std::optional<Fetched> get_key(model::OrganizationId organization, model::KeyId key,
                                 const http::Until& until);

  /// Asks for one page of the organization's keys, from 1 on; else as get_key().
  std::optional<FetchedPage> get_page(model::OrganizationId organization, int page,
                                      const http::Until& until);

  /// Asks which key the credential is, as only Atlas tells, and only an API key; roles on other
  /// organizations than this one have an unknown scope. Else as get_key().
  std::optional<FetchedCaller> get_caller(model::OrganizationId organization,
                                          const http::Until& until);

  /// Credential::revoke() over this connection. Its stop is one that was not requested, unlike
  /// the one that ended the polls.
  void sign_out(const http::Until& until);

 private:
  struct Call;

  /// A GET with proof of who asks.
  Call call(std::string target, std::string_view accept, std::size_t body_limit,
            const http::Until& until);

  std::shared_ptr<const Service> service_;
  std::shared_ptr<Credential> credential_;
  std::unique_ptr<http::HttpTransport> transport_;
  std::unique_ptr<Authenticator> authenticator_;
  const base::Clock& clock_;
};

}  // namespace aka::atlas
