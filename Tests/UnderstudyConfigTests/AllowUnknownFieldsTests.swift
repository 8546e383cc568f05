// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The flag that turns fields which are not understood into warnings.

import Testing

@testable import UnderstudyConfig

@Suite struct AllowUnknownFieldsTests {
    @Test(arguments: ["foo: 1", "lrs_server: {}", "<<: {a: 1}"])
    func `a field that is not understood becomes a warning`(field: String) {
        let text = Sample.text.replacing("lb_policy: ROUND_ROBIN", with: field)
        #expect(!Sample.load(text).isAccepted)
        let result = Sample.load(text, allowUnknownFields: true)
        #expect(result.configuration == Sample.load(Sample.text).configuration)
        #expect(result.warnings.count == 1)
        #expect(result.rendered.contains("warning: "))
    }

    @Test(arguments: ["lb_policy: CLUSTER_PROVIDED", "lb_policy: FOO", "connect_timeout: 250ms", "type: EDS"])
    func `a value that is not understood stays an error`(field: String) {
        let text = Sample.text.replacing("lb_policy: ROUND_ROBIN", with: field).replacing(
            "    connect_timeout: 0.25s\n    type: STATIC\n",
            with: ""
        )
        #expect(!Sample.load(text, allowUnknownFields: true).isAccepted)
    }

    @Test func `what a route cannot do without stays required`() {
        let text = Sample.text.replacing("cluster: c1", with: "cluster_specifier_plugin: x")
        let result = Sample.load(text, allowUnknownFields: true)
        #expect(result.errors.map(\.message) == ["cluster_specifier is required"])
    }
}
