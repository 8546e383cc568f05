// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The command line as `/server_info` lists it.

internal import UnderstudyCore
internal import UnderstudyProxy

extension RunOptions {
    func values(
        configPath: String? = nil,
        configText: String? = nil,
        allowsUnknownFields: Bool = false
    ) -> RunOptionValues {
        RunOptionValues(
            adminAddressPath: adminAddressPath,
            watchesConfiguration: watchesConfiguration,
            commandLine: listed(
                configPath: configPath,
                configText: configText,
                allowsUnknownFields: allowsUnknownFields,
                concurrency: serverOptions.concurrency
            )
        )
    }

    /// - Source: Envoy `admin.v3.CommandLineOptions`, in Envoy's order.
    /// - Parameter concurrency: In use.
    func listed(
        configPath: String?,
        configText: String?,
        allowsUnknownFields: Bool,
        concurrency: Int
    ) -> [(name: String, value: ServerInformation.OptionValue)] {
        [
            ("base_id", .text("\(accepted.baseID)")),
            ("concurrency", .number(concurrency)),
            ("config_path", .text(configPath ?? "")),
            ("config_yaml", .text(configText ?? "")),
            ("allow_unknown_static_fields", .flag(allowsUnknownFields)),
            ("admin_address_path", .text(adminAddressPath ?? "")),
            ("local_address_ip_version", .text(accepted.localAddressVersion.rawValue)),
            ("log_level", .text(log.level.rawValue)),
            ("component_log_level", .text(log.componentLevels)),
            ("log_format", .text(log.format ?? LogPattern.standard)),
            ("log_path", .text(log.path ?? "")),
            ("service_cluster", .text(serviceCluster)),
            ("service_node", .text(serviceNode)),
            ("service_zone", .text(serviceZone)),
            ("file_flush_interval", .text(Self.seconds(fileFlushInterval))),
            ("drain_time", .text("\(drainTime)s")),
            ("parent_shutdown_time", .text("\(accepted.parentShutdownTime)s")),
            ("mode", .text("Serve")),
            ("disable_hot_restart", .flag(true)),
            ("enable_mutex_tracing", .flag(false)),
            ("restart_epoch", .number(0)),
            ("cpuset_threads", .flag(accepted.countsCPUSet)),
        ] + listedRest
    }

    private var listedRest: [(name: String, value: ServerInformation.OptionValue)] {
        [
            ("reject_unknown_dynamic_fields", .flag(accepted.rejectsUnknownDynamicFields)),
            ("log_format_escaped", .flag(accepted.escapesLogs)),
            ("disabled_extensions", .list([])),
            ("ignore_unknown_dynamic_fields", .flag(accepted.ignoresUnknownDynamicFields)),
            ("use_dynamic_base_id", .flag(accepted.usesDynamicBaseID)),
            ("base_id_path", .text(accepted.baseIDPath ?? "")),
            ("drain_strategy", .text(drainStrategy == .gradual ? "Gradual" : "Immediate")),
            ("enable_fine_grain_logging", .flag(false)),
            ("socket_path", .text(accepted.socketPath ?? "@envoy_domain_socket")),
            ("socket_mode", .number(0)),
            ("enable_core_dump", .flag(false)),
            ("stats_tag", .list([])),
            ("skip_hot_restart_on_no_parent", .flag(accepted.skipsHotRestartWithoutParent)),
            ("skip_hot_restart_parent_stats", .flag(accepted.skipsParentStatistics)),
            ("skip_deprecated_logs", .flag(accepted.skipsDeprecatedLogs)),
            ("file_flush_min_size", .number(fileFlushSize)),
            ("log_stacktrace_single_entry", .flag(accepted.joinsStackTraces)),
        ]
    }

    /// `10s`, `0.250s`, as protobuf writes durations.
    private static func seconds(_ milliseconds: Int) -> String {
        let rest = milliseconds % 1000
        return rest == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds / 1000).\(LogFields.padded(rest, 3))s"
    }
}
