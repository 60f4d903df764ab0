// One function per command. Each returns the process's answer and throws Error for what it can't report
// itself.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "cli/options.h"
#include "cli/profile_files.h"
#include "job/restore.h"
#include "outhaul/error.h"

namespace outhaul::cli {

ExitCode run(const Common& common, const RunChoices& choices, const ProfileFiles& files,
             const CancelToken& cancel);
ExitCode mirror(const Common& common, const RunChoices& choices, const MirrorChoices& what,
                const CancelToken& cancel);

ExitCode restore(const Common& common, const std::string& profile, const RestoreOptions& options,
                 const CancelToken& cancel);

ExitCode status(const Common& common, const ProfileFiles& files, const std::string& max_age,
                bool nagios);
ExitCode runs(const Common& common, const std::string& profile, std::size_t newest);
ExitCode ls(const Common& common, const std::string& profile, const std::string& job, const std::string& path,
            bool long_form, const std::string& at);
ExitCode history(const Common& common, const std::string& profile, const std::string& job,
                 const std::string& path);
ExitCode explain(const Common& common, const std::string& profile, const std::string& job,
                 const std::string& path);

ExitCode schedule(const Common& common, const ScheduleWords& words, const std::string& profile);

ExitCode doctor(const Common& common, const std::string& profile, const CancelToken& cancel);

ExitCode recover(const Common& common, const std::string& profile, const CancelToken& cancel);

ExitCode verify(const Common& common, const RunChoices& choices, const VerifyWords& words,
                const std::string& profile, const CancelToken& cancel);

ExitCode adopt(const Common& common, const RunChoices& choices, const std::string& compare,
               const std::string& profile, const CancelToken& cancel);

ExitCode check(const Common& common, const std::vector<std::string>& profiles);
ExitCode init(const std::string& file, const std::string& name, const std::string& source,
              const std::string& url, bool overwrite);
ExitCode schema();

}  // namespace outhaul::cli
