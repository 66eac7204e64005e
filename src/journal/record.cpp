// The names of record types. Entry point: to_string().
#include "journal/record.h"

namespace aka::journal {

std::string_view to_string(RecordType type) {
  switch (type) {
    case RecordType::start:
      return "start";
    case RecordType::stop:
      return "stop";
    case RecordType::config_loaded:
      return "config_loaded";
    case RecordType::key_added:
      return "key_added";
    case RecordType::key_removed:
      return "key_removed";
    case RecordType::policy_weakened:
      return "policy_weakened";
    case RecordType::state_changed:
      return "state_changed";
    case RecordType::finding_opened:
      return "finding_opened";
    case RecordType::finding_closed:
      return "finding_closed";
    case RecordType::finding_waived:
      return "finding_waived";
    case RecordType::waiver_lapsed:
      return "waiver_lapsed";
    case RecordType::alert_sent:
      return "alert_sent";
    case RecordType::alert_resolved:
      return "alert_resolved";
    case RecordType::checkpoint:
      return "checkpoint";
    case RecordType::retention_cut:
      return "retention_cut";
    case RecordType::journal_recovered:
      return "journal_recovered";
    case RecordType::drill:
      return "drill";
  }
  return "start";
}

}  // namespace aka::journal
