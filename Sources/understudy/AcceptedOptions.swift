// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Flags of Envoy that have nothing to do here, so that a command line written for Envoy starts this, too.

internal import ArgumentParser

/// Accepted, checked as far as a wrong value would tell of a mistake, and without effect.
struct AcceptedOptions: ParsableArguments {
    @Flag(name: .customLong("disable-hot-restart"), help: "No effect: there is no hot restart here.")
    var disablesHotRestart = false

    @Option(name: .customLong("base-id"), help: ArgumentHelp("No effect.", valueName: "n"))
    var baseID = 0

    @Flag(name: .customLong("use-dynamic-base-id"), help: "No effect.")
    var usesDynamicBaseID = false

    @Option(name: .customLong("base-id-path"), help: ArgumentHelp("No effect.", valueName: "file"))
    var baseIDPath: String?

    @Option(name: .customLong("restart-epoch"), help: ArgumentHelp("Only 0 is accepted.", valueName: "n"))
    var restartEpoch = 0

    @Option(
        name: .customLong("parent-shutdown-time-s"),
        help: ArgumentHelp("No effect: there is no parent process.", valueName: "s")
    )
    var parentShutdownTime = 900

    @Option(name: .customLong("socket-path"), help: ArgumentHelp("No effect.", valueName: "path"))
    var socketPath: String?

    @Option(name: .customLong("socket-mode"), help: ArgumentHelp("No effect.", valueName: "mode"))
    var socketMode: String?

    @Flag(name: .customLong("skip-hot-restart-on-no-parent"), help: "No effect.")
    var skipsHotRestartWithoutParent = false

    @Flag(name: .customLong("skip-hot-restart-parent-stats"), help: "No effect.")
    var skipsParentStatistics = false

    @Flag(name: .customLong("reject-unknown-dynamic-fields"), help: "No effect: nothing is configured dynamically.")
    var rejectsUnknownDynamicFields = false

    @Flag(name: .customLong("ignore-unknown-dynamic-fields"), help: "No effect: nothing is configured dynamically.")
    var ignoresUnknownDynamicFields = false

    @Flag(name: .customLong("skip-deprecated-logs"), help: "No effect.")
    var skipsDeprecatedLogs = false

    @Option(name: .customLong("local-address-ip-version"), help: "No effect: addresses are as configured.")
    var localAddressVersion = AddressVersion.v4

    @Flag(name: .customLong("cpuset-threads"), help: "No effect: the default of --concurrency knows the cores allowed.")
    var countsCPUSet = false

    @Flag(name: .customLong("enable-fine-grain-logging"), help: "No effect: levels are set for parts, not for files.")
    var logsByFile = false

    @Flag(name: .customLong("log-format-escaped"), help: "No effect: line breaks are always escaped.")
    var escapesLogs = false

    @Flag(name: .customLong("log-stacktrace-single-entry"), help: "No effect.")
    var joinsStackTraces = false

    @Flag(name: .customLong("enable-mutex-tracing"), help: "No effect.")
    var tracesMutexes = false

    @Flag(name: .customLong("enable-core-dump"), help: "No effect: the system's limit decides.")
    var dumpsCore = false

    @Option(name: .customLong("stats-tag"), help: ArgumentHelp("No effect. Repeatable.", valueName: "name:value"))
    var statisticsTags: [String] = []

    @Option(name: .customLong("disable-extensions"), help: ArgumentHelp("No effect.", valueName: "name,..."))
    var disabledExtensions: String?

    enum AddressVersion: String, ExpressibleByArgument, CaseIterable {
        case v4, v6
    }

    func validate() throws {
        guard restartEpoch == 0 else {
            throw ValidationError("--restart-epoch \(restartEpoch): accepted is 0, as there is no hot restart here")
        }
        guard baseID >= 0, parentShutdownTime >= 0 else {
            throw ValidationError("--base-id and --parent-shutdown-time-s: accepted are numbers from 0")
        }
    }

    /// Those given whose absence an operator may notice; a line in the log for them is enough.
    var missed: [String] {
        var names: [String] = []
        if !statisticsTags.isEmpty { names.append("--stats-tag") }
        if disabledExtensions != nil { names.append("--disable-extensions") }
        if tracesMutexes { names.append("--enable-mutex-tracing") }
        if dumpsCore { names.append("--enable-core-dump") }
        if logsByFile { names.append("--enable-fine-grain-logging") }
        return names
    }
}
