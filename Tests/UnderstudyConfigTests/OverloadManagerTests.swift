// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The overload manager; what is refused was asked of Envoy 1.40.

import Testing
import UnderstudyCore

@testable import UnderstudyConfig

@Suite struct OverloadManagerTests {
    private static let types = "type.googleapis.com/envoy.extensions.resource_monitors"
    private static let heapType = "\"@type\": \(types).fixed_heap.v3.FixedHeapConfig"
    private static let connectionsType = "\"@type\": \(types).downstream_connections.v3.DownstreamConnectionsConfig"
    private static let connectionsName = "envoy.resource_monitors.global_downstream_max_connections"
    private static let heap = "{name: heap, typed_config: {\(heapType), max_heap_size_bytes: 1000}}"
    private static let connections = """
        {name: \(connectionsName), typed_config: {\(connectionsType), max_active_downstream_connections: 5}}
        """
    private static let trigger = "{name: heap, threshold: {value: 0.5}}"

    private static func action(_ name: String, _ triggers: String = trigger) -> String {
        "{name: envoy.overload_actions.\(name), triggers: [\(triggers)]}"
    }

    private func load(_ monitors: String, _ actions: String = "", _ rest: String = "") -> ConfigurationResult {
        let manager = "overload_manager: {resource_monitors: [\(monitors)], actions: [\(actions)]\(rest)}"
        return Sample.load(("static_resources:\n", "\(manager)\nstatic_resources:\n"))
    }

    @Test func `without it no load is shed`() {
        #expect(Sample.load(Sample.text).configuration?.overload == nil)
    }

    @Test func `monitors, actions and the interval are read`() throws {
        let actions = OverloadAction.allCases.map {
            "{name: \($0.rawValue), triggers: [\(Self.trigger), {name: other, threshold: {value: 1}}]}"
        }
        let other = Self.heap.replacing("name: heap", with: "name: other")
        let result = load(
            "\(Self.heap), \(other), \(Self.connections)",
            actions.joined(separator: ", "),
            ", refresh_interval: 0.25s"
        )
        #expect(result.diagnostics.isEmpty, "\(result.rendered)")
        let options = try #require(result.configuration?.overload)
        #expect(options.refreshInterval == .milliseconds(250))
        #expect(
            options.monitors == [
                .init("heap", .heap(maximum: 1000)), .init("other", .heap(maximum: 1000)),
                .init(Self.connectionsName, .connections(maximum: 5)),
            ]
        )
        let triggers: [OverloadOptions.Trigger] = [.init("heap", threshold: 0.5), .init("other", threshold: 1)]
        #expect(options.rules == OverloadAction.allCases.map { .init($0, triggers) })
        #expect(options.maximumConnections == 5)
    }

    @Test func `resources are looked at every second unless the file says otherwise`() {
        #expect(load(Self.heap).configuration?.overload?.refreshInterval == .seconds(1))
        let often = load(Self.heap, "", ", refresh_interval: 0s")
        #expect(often.configuration?.overload?.refreshInterval == .milliseconds(10))
        #expect(often.warnings.map(\.message) == ["resources are looked at every 10 ms and no more often"])
    }

    @Test(arguments: [
        ("", "resource_monitors is required"), ("\(heap), \(heap)", "Duplicate resource monitor heap"),
        ("{typed_config: {\(heapType), max_heap_size_bytes: 1}}", "name is required"),
        ("{name: a}", "Didn't find a registered implementation for 'a' with type URL: ''"),
        ("{name: a, typed_config: {\(heapType)}}", "fixed_heap: max heap size must be greater than 0"),
        (connections.replacing(": 5", with: ": 0"), "value must be greater than 0"),
        (connections.replacing(": 5", with: ": -1"), "value must be greater than 0"),
        (
            connections.replacing(connectionsName, with: "foo"),
            "Didn't find a registered implementation for 'foo' with type URL: "
                + "'envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig'"
        ),
        ("{name: a, typed_config: {\"@type\": \(types).injected_resource.v3.A}}", "unsupported @type"),
    ])
    func `a monitor is refused`(monitors: String, message: String) {
        #expect(load(monitors).messages == [message])
    }

    @Test(arguments: [
        (
            action("shrink_heap") + ", " + action("shrink_heap"),
            "Duplicate overload action envoy.overload_actions.shrink_heap"
        ),
        (action("fly"), "Unknown Overload Manager Action envoy.overload_actions.fly"),
        ("{name: envoy.overload_actions.shrink_heap}", "triggers is required"),
        ("{triggers: [\(trigger)]}", "name is required"),
        (
            action("shrink_heap", "{name: nope, threshold: {value: 1}}"),
            "Unknown trigger resource nope for overload action envoy.overload_actions.shrink_heap"
        ),
        (
            action("shrink_heap", "\(trigger), \(trigger)"),
            "Duplicate trigger resource for overload action envoy.overload_actions.shrink_heap"
        ),
        (action("shrink_heap", "{name: heap}"), "threshold is required"),
        (action("shrink_heap", "{name: heap, threshold: {value: 2}}"), "value must be inside range [0, 1]"),
        (action("shrink_heap", "{name: heap, threshold: {value: -1}}"), "value must be inside range [0, 1]"),
    ])
    func `an action is refused`(actions: String, message: String) {
        #expect(load(Self.heap, actions).messages == [message])
    }

    @Test(arguments: ["reduce_timeouts", "reset_high_memory_stream"])
    func `actions of Envoy that there are not yet are unsupported`(action: String) throws {
        let result = load(Self.heap, Self.action(action))
        let error = try #require(result.errors.first)
        #expect(result.errors.count == 1)
        #expect(error.kind == .unsupported)
        #expect(error.found == "\"envoy.overload_actions.\(action)\"")
        #expect(error.accepted?.contains("envoy.overload_actions.stop_accepting_requests") == true)
    }

    @Test(arguments: [
        (action("shrink_heap", "{name: heap, scaled: {scaling_threshold: 0.5, saturation_threshold: 1}}"), ""),
        ("", ", loadshed_points: [{name: x}]"), ("", ", buffer_factory_config: {}"),
    ])
    func `scaled triggers and load shed points are unsupported`(actions: String, rest: String) {
        let result = load(Self.heap, actions, rest)
        #expect(result.errors.first?.kind == .unsupported, "\(result.rendered)")
        #expect(!result.isAccepted)
    }

    @Test func `a trigger on connections is accepted, as in Envoy, with a warning that it does nothing`() {
        let trigger = "{name: \(Self.connectionsName), threshold: {value: 0.5}}"
        let result = load(Self.connections, Self.action("shrink_heap", trigger))
        #expect(result.isAccepted)
        let text = "this resource refuses connections itself and never sets off an action"
        #expect(result.warnings.map(\.message) == [text])
    }

    @Test func `listeners may be exempt`() throws {
        let field = "ignore_global_conn_limit: true\n    bypass_overload_manager: true\n    filter_chains:"
        let listener = try #require(Sample.load(("filter_chains:", field)).configuration?.listeners.first)
        #expect(listener.ignoresGlobalLimit)
        #expect(listener.bypassesOverload)
        let plain = try #require(Sample.load(Sample.text).configuration?.listeners.first)
        #expect(!plain.ignoresGlobalLimit)
        #expect(!plain.bypassesOverload)
    }
}
