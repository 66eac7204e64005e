#include "simulator/small_world.h"

#include <utility>

namespace aka::simulator::test {

std::string fixture_json() {
  return R"({"organizations":[
    {"id":"5f1a2b3c4d5e6f7a8b9c0d1e","name":"prod","rateLimit":{"burst":100,"perMinute":60},
     "projects":[{"id":"5f1a2b3c4d5e6f7a8b9c0d2f","name":"payments"}],
     "keys":[
      {"id":"64aa11bb22cc33dd44ee55f1","desc":"ci \"deployer\"","publicKey":"abcdwxyz",
       "roles":["ORG_MEMBER","GROUP_OWNER@payments","GROUP_BRAND_NEW@5f1a2b3c4d5e6f7a8b9c0d2f"],
       "accessList":[{"ipAddress":"10.1.2.3"},{"cidrBlock":"10.0.0.0/8","count":7,
         "lastUsed":"2026-08-10T03:02:57Z","lastUsedAddress":"10.9.9.9"}]},
      {"id":"64aa11bb22cc33dd44ee55f2","publicKey":"barebare"},
      {"id":"64aa11bb22cc33dd44ee55f3","publicKey":"readerpk","privateKey":"reader-secret",
       "roles":["ORG_READ_ONLY"],"accessList":[{"ipAddress":"127.0.0.1"}]},
      {"id":"64aa11bb22cc33dd44ee55f4","publicKey":"ownerpky","privateKey":"owner-secret",
       "roles":["ORG_OWNER"]},
      {"id":"64aa11bb22cc33dd44ee55f5","publicKey":"outsider","privateKey":"outsider-secret",
       "roles":["GROUP_OWNER@payments"]},
      {"id":"64aa11bb22cc33dd44ee55f6","publicKey":"farawayk","privateKey":"farawayk-secret",
       "roles":["ORG_OWNER"],"accessList":[{"cidrBlock":"10.0.0.0/8"}]}],
     "serviceAccounts":[{"clientId":"mdb_sa_id_0123456789abcdef01234567",
       "clientSecret":"mdb_sa_sk_secret","roles":["ORG_READ_ONLY"]}]},
    {"id":"5f1a2b3c4d5e6f7a8b9c0d9e","name":"other","keys":[]},
    {"id":"5f1a2b3c4d5e6f7a8b9c0dce","name":"ops","platform":"cloudManager","keys":[
      {"id":"64aa11bb22cc33dd44ee55c1","desc":"agent","publicKey":"cmreader","privateKey":
       "cmreader-secret","roles":["ORG_READ_ONLY"]}]}]})";
}

base::Result<base::Secret> no_files(const std::string& file) {
  return base::fail(base::ErrorKind::not_found, "there is no file " + file);
}

Fixture fixture() { return parse_fixture(fixture_json(), "fixture.json", no_files).value(); }

web::Request request(std::string method, std::string target, std::string body) {
  web::Request made;
  made.method = std::move(method);
  made.path = target.substr(0, target.find('?'));
  if (made.path.size() < target.size()) made.query = target.substr(made.path.size() + 1);
  made.target = std::move(target);
  made.remote = "127.0.0.1:41234";
  made.headers.emplace("Host", "sim.example:9975");
  made.headers.emplace("Accept", "application/vnd.atlas.2023-01-01+json");
  made.body = std::move(body);
  return made;
}

std::string secret_of(std::string_view public_key) {
  for (const Organization& organization : fixture().organizations) {
    for (const Key& key : organization.keys) {
      if (key.public_key == public_key) return std::string(key.private_key.reveal());
    }
  }
  return "no such key";
}

std::string authorization(std::string_view challenge, const web::Request& request,
                          const std::string& public_key, const std::string& secret,
                          const std::string& nc) {
  DigestAnswer answer = parse_digest(challenge).value();  // a challenge has the same syntax
  const bool is_sha = answer.algorithm == "SHA-256";
  answer.username = public_key;
  answer.uri = request.target;
  if (!answer.qop.empty()) {
    answer.nc = nc;
    answer.cnonce = "c0ffee";
  }
  const std::string response = digest_response(is_sha ? HashAlgorithm::sha256 : HashAlgorithm::md5,
                                               answer, secret, request.method);
  std::string text = "Digest username=\"" + public_key + "\", realm=\"" + answer.realm +
                     "\", nonce=\"" + answer.nonce + "\", uri=\"" + answer.uri +
                     "\", algorithm=" + answer.algorithm + ", response=\"" + response + "\"";
  if (!answer.qop.empty()) text += ", qop=auth, nc=" + nc + ", cnonce=\"c0ffee\"";
  return text;
}

web::Response Client::ask(web::Request asked) {
  const std::string challenge = header_of(service_.answer(asked), "WWW-Authenticate");
  asked.headers.emplace("Authorization",
                        authorization(challenge, asked, public_key_, secret_of(public_key_)));
  return service_.answer(asked);
}

std::string header_of(const web::Response& response, std::string_view name) {
  for (const auto& [header, value] : response.headers) {
    if (header == name) return value;
  }
  return {};
}

std::string generated(const web::Response& response, std::size_t stop_after) {
  std::string text;
  response.generate([&](std::string_view block) {
    text += block;
    return text.size() < stop_after;
  });
  return text;
}

}  // namespace aka::simulator::test
