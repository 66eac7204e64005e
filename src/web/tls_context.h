#pragma once

#include <memory>

#include "base/diagnostics.h"
#include "web/security_settings.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace aka::web {

/// OpenSSL's context for a listener, everything read that the settings name. Problems are reported
/// at the setting, and nullptr is the answer. Sessions are never resumed, so that a client meets
/// the settings as they are now.
std::shared_ptr<ssl_ctx_st> make_tls_context(const TlsSettings& settings,
                                             base::Diagnostics& diagnostics);

}  // namespace aka::web
