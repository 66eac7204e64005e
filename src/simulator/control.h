#pragma once

#include <functional>
#include <string>

#include "simulator/faults.h"
#include "simulator/stats.h"
#include "simulator/world.h"
#include "web/router.h"

namespace aka::simulator {

/// The pages below /sim that change and show the simulator; they need no authentication. Answers
/// are `{"status":"success","data":…}` or `{"status":"error","error":…}`.
class Control {
 public:
  /// The references must outlive this object. `faults_changed` is called after each change.
  Control(World& world, FaultBoard& faults, Stats& stats, std::function<void()> faults_changed);

  /// Any thread.
  web::Response answer(const web::Request& request) const { return pages_(request); }

 private:
  web::Response put_key(const web::Request& request, const web::Router::Segments& ids);
  web::Response erase_key(const web::Router::Segments& ids);
  web::Response add_faults(const web::Request& request);
  web::Response clear_faults();
  std::string stats_json() const;

  World& world_;
  FaultBoard& faults_;
  Stats& stats_;
  std::function<void()> faults_changed_;
  web::Router pages_;
};

}  // namespace aka::simulator
