// Facts for scripts: what --json prints, as schemas/*.schema.json describe it. Paths are JSON strings when
// they are valid UTF-8, else they come as {"base64": "…"} so that no byte is lost. The last line has no
// newline.
#pragma once

#include <string>
#include <vector>

#include "outhaul/doctor.h"
#include "outhaul/recover.h"
#include "outhaul/report.h"
#include "outhaul/restore.h"
#include "outhaul/verify.h"
#include "report/text.h"

namespace outhaul {

std::string plan_json(const std::string& profile, const std::vector<JobPlan>& plans);
std::string run_json(const RunReport& report);
std::string restore_json(const RestoreReport& report);
std::string status_json(const std::vector<StatusReport>& reports);
std::string doctor_json(const DoctorReport& report);
std::string history_json(const HistoryReport& report);
std::string recover_json(const RecoverReport& report);
std::string verify_json(const VerifyReport& report);
std::string runs_json(const std::string& profile, const std::vector<RunRow>& rows);
/// One JSON document; written piece by piece so that a million rows need no memory: open, row…, close.
class LsJson {
 public:
  explicit LsJson(const std::string& profile);
  std::string open() const;
  std::string row(const LsRow& row);
  std::string close() const;

 private:
  std::string profile_;
  bool first_ = true;
};

}  // namespace outhaul
