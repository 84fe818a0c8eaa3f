// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/doctor/checks.hpp"
#include "server/main/doctor/machine_files.hpp"

#include <algorithm>

#include <sys/stat.h>
#include <unistd.h>

namespace amana::server::doctor {

namespace {

constexpr std::size_t max_entries = 10'000;

// What somebody other than root and who runs this may write. /tmp and its like let nobody change what is another's.
bool writable_by_others(const Path& path)
{
    struct stat about {};
    if (path.empty() || ::stat(path.c_str(), &about) != 0) return false;
    const bool sticky = S_ISDIR(about.st_mode) && (about.st_mode & S_ISVTX) != 0;
    // A group of its own (root's, or one's own as Debian makes it) is nobody else.
    const bool group = (about.st_mode & S_IWGRP) != 0 && about.st_gid != 0 && about.st_gid != about.st_uid;
    return ((about.st_mode & S_IWOTH) != 0 || group) && !sticky;
}

// The file itself, or a folder above it, in which it could be replaced.
Path writable_above(const Path& file)
{
    for (auto path = file; !path.empty(); path = path.parent_path()) {
        if (writable_by_others(path)) return path;
        if (path == path.parent_path()) break;
    }
    return {};
}

}  // namespace

void look_at_permissions(const Subject& subject, Diagnosis& diagnosis)
{
    const auto& config = subject.config;
    std::vector<Path> settings{config.file, config.keyset.value, config.form.value, config.logo.value, config.manifest.value, config.release.value};
    settings.insert(settings.end(), subject.deployment.certificates.begin(), subject.deployment.certificates.end());
    std::vector<Path> named;
    for (const auto& path : settings)
        if (const auto open = path.empty() ? Path() : writable_above(path); !open.empty() && std::find(named.begin(), named.end(), open) == named.end()) named.push_back(open);
    for (const auto& path : named) diagnosis.found("config-writable", path.string() + " may be written by others");

    auto programs = subject.programs;
    for (const auto* folder : {"templates", "locale", "script"}) programs.push_back(config.data.value / folder);
    for (const auto& path : programs)
        if (const auto open = writable_above(path); !open.empty() && std::find(named.begin(), named.end(), open) == named.end()) {
            named.push_back(open);
            diagnosis.found("program-writable", open.string() + " may be written by others");
        }

    std::size_t open = 0;
    std::size_t seen = 0;
    std::error_code problem;
    for (std::filesystem::recursive_directory_iterator entry(config.storage.value, problem), end; !problem && entry != end && seen < max_entries; entry.increment(problem), ++seen) {
        struct stat about {};
        if (::lstat(entry->path().c_str(), &about) == 0 && !S_ISLNK(about.st_mode) && (about.st_mode & (S_IRWXG | S_IRWXO)) != 0) ++open;
    }
    if (problem) diagnosis.unknown(config.storage.value.string() + ": " + problem.message());
    if (open != 0) diagnosis.found("files-open", std::to_string(open) + " of the files in " + config.storage.value.string() + " may be used by others");
}

void look_at_processes(const Subject& subject, Diagnosis& diagnosis)
{
    if (!subject.running) return diagnosis.found("not-running", "no server holds " + subject.config.storage.value.string());
    const MachineFiles files(subject.root);
    const Path process = Path("/proc") / subject.running->process;
    std::vector<Path> all{process};
    auto parents = subject.running->attending;
    for (const auto& parent : parents) all.push_back(Path("/proc") / parent);
    parents.push_back(subject.running->process);
    for (const auto& parent : parents)
        for (const auto& child : words_of(files.line(Path("/proc") / parent / "task" / parent / "children"))) all.push_back(Path("/proc") / child);
    bool root = false;
    bool old = false;
    for (const auto& each : all) {
        for (const auto& line : lines_of(files.text(each / "status").value_or(""))) {
            const auto words = words_of(line);
            root = root || (words.size() > 2 && words[0] == "Uid:" && words[2] == "0");
        }
        std::error_code problem;
        const auto program = std::filesystem::read_symlink(files.at(each / "exe"), problem).string();
        old = old || program.ends_with(" (deleted)");
    }
    if (root) diagnosis.found("runs-as-root", "process " + subject.running->process + ", or what it started, runs as root");
    if (old) diagnosis.found("restart-needed", "a program of the running server was replaced since it was started");
}

}  // namespace amana::server::doctor
