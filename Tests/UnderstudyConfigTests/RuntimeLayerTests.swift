// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The runtime's layers and the node: what they become, and Envoy 1.40's verdicts.

import Testing
import UnderstudyCore

@testable import UnderstudyConfig

@Suite struct RuntimeLayerTests {
    private func load(_ layers: String) -> ConfigurationResult {
        Sample.load("node: {id: me, cluster: svc}\nlayered_runtime: {layers: [\(layers)]}")
    }

    @Test func `without a runtime there are no layers, and in an empty one the admin server's`() {
        #expect(Sample.load("{}").configuration?.runtime == [])
        #expect(Sample.load("layered_runtime: {}").configuration?.runtime == [RuntimeLayer(name: "", kind: .admin)])
    }

    @Test func `layers arrive in the model in their order`() {
        let result = load(
            """
            {name: a, static_layer: {}}, {name: b, disk_layer: {symlink_root: /r, subdirectory: s}},
            {name: c, disk_layer: {symlink_root: /r, subdirectory: s, append_service_cluster: true}},
            {name: d, admin_layer: {}}
            """.replacing("\n", with: " ")
        )
        #expect(
            result.configuration?.runtime == [
                RuntimeLayer(name: "a", kind: .static([:])),
                RuntimeLayer(name: "b", kind: .disk(root: "/r", subdirectory: "s")),
                RuntimeLayer(name: "c", kind: .disk(root: "/r", subdirectory: "s/svc")),
                RuntimeLayer(name: "d", kind: .admin),
            ],
            "\(result.rendered)"
        )
        #expect(result.configuration?.serviceCluster == "svc")
        #expect(result.configuration?.serviceNode == "me")
    }

    @Test func `values are typed as everywhere, and nested names joined by dots`() throws {
        let result = load("{name: a, static_layer: {a: {b: 010}, c: 1.5, d: yes, e: \"7\", f: 99999999999}}")
        guard case .static(let values) = result.configuration?.runtime.first?.kind else {
            Issue.record("\(result.rendered)")
            return
        }
        let expected = try RuntimeValue.flatten([
            "a": .object(["b": .number(8)]), "c": .string("1.5"), "d": .bool(true), "e": .string("7"),
            "f": .string("99999999999"),
        ])
        #expect(values == expected)
        #expect(values.keys.sorted() == ["a.b", "c", "d", "e", "f"])
    }

    @Test(arguments: [
        ("{static_layer: {}}", "name is required"),
        ("{name: a}", "layer_specifier is required"),
        ("{name: a, static_layer: {}, admin_layer: {}}", "admin_layer and static_layer cannot both be set"),
        ("{name: a, admin_layer: {}}, {name: a, static_layer: {}}", "Duplicate layer name: a"),
        (
            "{name: a, admin_layer: {}}, {name: b, admin_layer: {}}",
            "Too many admin layers specified in LayeredRuntime, at most one may be specified"
        ),
        ("{name: a, disk_layer: {}}", "symlink_root is required: invalid file path"),
        ("{name: a, disk_layer: {symlink_root: r}}", "invalid file path r"),
        (
            "{name: a, disk_layer: {symlink_root: /nobody/has/this}}",
            "unable to add filesystem watch for file /nobody/has/this: No such file or directory"
        ),
        ("{name: a, rtds_layer: {}}", "unsupported field \"rtds_layer\" in RuntimeLayer"),
        ("{name: a, static_layer: [1]}", "not a mapping"),
        ("{name: a, static_layer: {k: ~}}", "Invalid runtime entry value for k"),
        ("{name: a, static_layer: {k: {l: [1]}}}", "Invalid runtime entry value for k.l"),
        ("{name: a, static_layer: {[k]: 1}}", "a key has to be text"),
        (
            "{name: a, static_layer: {k: \(String(repeating: "{a: ", count: 40))1\(String(repeating: "}", count: 40))}}",
            "nested too deeply"
        ),
        ("{name: a, static_layer: {k: \(String(repeating: "x", count: 32_769))}}", "text too long"),
    ])
    func `a layer is refused`(written: String, message: String) {
        #expect(load(written).messages == [message])
    }

    @Test func `a value that is refused has its place`() {
        let result = load("{name: a, static_layer: {k: 1, l: [2]}}")
        #expect(result.errors.map(\.path) == ["layered_runtime.layers[0].static_layer[\"l\"]"])
        #expect(result.errors.map(\.line) == [2])
    }

    @Test func `filters nested without end are refused`() {
        let opening = String(repeating: "and_filter: {filters: [{", count: 60)
        let closing = String(repeating: "}]}", count: 60)
        let result = Sample.load(manager: "local_reply_config: {mappers: [{filter: {\(opening)\(closing)}}]}")
        #expect(result.messages.contains("nested too deeply"))
    }
}
