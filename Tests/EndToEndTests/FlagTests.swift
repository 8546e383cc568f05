// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Command lines that were written for Envoy.

import ArgumentParser
import TestSupport
import Testing
import UnderstudyCore

@testable import understudy

struct FlagTests {
    /// All flags of Envoy 1.40's help that do not end the process.
    @Test func `a command line with every flag of Envoy is accepted`() throws {
        let text = """
            --stats-tag a:b --enable-core-dump --socket-mode 600 --socket-path @x --disable-extensions a/b \
            --cpuset-threads --enable-mutex-tracing --disable-hot-restart --mode serve --parent-shutdown-time-s 60 \
            --drain-strategy immediate --drain-time-s 30 --file-flush-min-size-kb 32 --file-flush-interval-msec 1000 \
            --service-zone z --service-node n --service-cluster c --restart-epoch 0 --log-path /tmp/x \
            --enable-fine-grain-logging --log-format-escaped --log-format %v --component-log-level upstream:debug,hc:warn \
            -l warn --local-address-ip-version v6 --admin-address-path /tmp/a --log-stacktrace-single-entry \
            --skip-deprecated-logs --ignore-unknown-dynamic-fields --reject-unknown-dynamic-fields \
            --allow-unknown-static-fields --allow-unknown-fields -c envoy.yaml --concurrency 2 --base-id-path /tmp/b \
            --skip-hot-restart-parent-stats --skip-hot-restart-on-no-parent --use-dynamic-base-id --base-id 1
            """
        let command = try ServeCommand.parse(text.split(separator: " ").map(String.init))
        #expect(command.options.serviceNode == "n")
        #expect(command.options.drainStrategy == .immediate)
        #expect(command.options.fileFlushInterval == 1000)
        #expect(command.options.log.level == .warning)
        #expect(
            try command.options.log.components == [
                ComponentLevel(component: "upstream", level: .debug), ComponentLevel(component: "hc", level: .warning),
            ]
        )
        #expect(command.options.accepted.missed.count == 5)
        let listed = command.options.listed(
            configPath: "envoy.yaml",
            configText: nil,
            allowsUnknownFields: true,
            concurrency: 2
        )
        #expect(listed.map(\.name) == Self.envoyNames)
        #expect(listed.first { $0.name == "file_flush_interval" }?.value == .text("1s"))
    }

    /// Members of Envoy 1.40's `command_line_options`.
    private static let envoyNames = [
        "base_id", "concurrency", "config_path", "config_yaml", "allow_unknown_static_fields", "admin_address_path",
        "local_address_ip_version", "log_level", "component_log_level", "log_format", "log_path", "service_cluster",
        "service_node", "service_zone", "file_flush_interval", "drain_time", "parent_shutdown_time", "mode",
        "disable_hot_restart", "enable_mutex_tracing", "restart_epoch", "cpuset_threads",
        "reject_unknown_dynamic_fields", "log_format_escaped", "disabled_extensions", "ignore_unknown_dynamic_fields",
        "use_dynamic_base_id", "base_id_path", "drain_strategy", "enable_fine_grain_logging", "socket_path",
        "socket_mode", "enable_core_dump", "stats_tag", "skip_hot_restart_on_no_parent",
        "skip_hot_restart_parent_stats", "skip_deprecated_logs", "file_flush_min_size", "log_stacktrace_single_entry",
    ]

    @Test(arguments: [
        (["--restart-epoch", "1"], "--restart-epoch 1: accepted is 0, as there is no hot restart here"),
        (["--mode", "init_only"], "--mode init_only is not supported; accepted are serve and validate"),
        (["--log-json", "--log-format", "%v"], "--log-json and --log-format together: give one of them"),
        (["--component-log-level", "x:debug"], "--component-log-level: no part is named 'x'; there are"),
        (["--component-log-level", "http"], "--component-log-level: 'http' has no level; accepted are trace"),
        (["--file-flush-interval-msec", "0"], "--file-flush-interval-msec 0: accepted are 1 to 86400000"),
        (["--drain-strategy", "slow"], "The value 'slow' is invalid for '--drain-strategy <drain-strategy>'"),
    ])
    func `a value that cannot be is refused with those that can`(arguments: [String], text: String) {
        #expect {
            try ServeCommand.parse(["-c", "x"] + arguments)
        } throws: {
            ServeCommand.message(for: $0).contains(text)
        }
    }

    @Test func `the version of hot restart is printed without a configuration`() async throws {
        let output = try await ProxyProcess.output(["--hot-restart-version"])
        #expect(output.standardOutput == "disabled\n")
        #expect(output.code == 0)
    }

    @Test func `the admin server's address is written to a file`() async throws {
        let path = "/dev/stdout"
        let text = "{admin: {address: {socket_address: {address: 127.0.0.1, port_value: 0}}}}"
        try await ProxyProcess.run(["--config-yaml", text, "--admin-address-path", path]) { process in
            let output = try await process.output.wait("an address") {
                $0.standardOutput.contains(":") && $0.adminPort != nil
            }
            #expect(output.standardOutput == "127.0.0.1:\(output.adminPort ?? 0)")
        }
    }
}
