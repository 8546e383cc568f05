// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Later layers win, the admin's last, and whoever looks sees them all.

import Testing
import UnderstudyCore

struct RuntimeLayersTests {
    private func layers() throws -> RuntimeLayers {
        RuntimeLayers([
            RuntimeLayer(name: "base", kind: .static(try RuntimeValue.flatten(["a": .number(1), "b": .number(2)]))),
            RuntimeLayer(name: "disk", kind: .disk(root: "/r", subdirectory: "s")),
            RuntimeLayer(name: "admin", kind: .admin),
        ])
    }

    @Test func `the last layer that has a key decides`() throws {
        var layers = try layers()
        #expect(layers.snapshot.integer("a") == 1)
        layers.setDisk(1, to: ["a": try RuntimeValue(parsing: "5")])
        #expect(layers.snapshot.integer("a") == 5)
        try layers.modify([("a", "7"), ("c", "8")])
        #expect(layers.snapshot.integer("a") == 7)
        #expect(layers.snapshot.integer("b") == 2)
        #expect(layers.snapshot.integer("c") == 8)
        #expect(layers.snapshot.count == 3)
    }

    @Test func `an empty value takes back what the admin has said, and nothing else`() throws {
        var layers = try layers()
        try layers.modify([("a", "7"), ("b", "")])
        #expect(layers.hasAdminOverrides)
        try layers.modify([("a", "")])
        #expect(!layers.hasAdminOverrides)
        #expect(layers.snapshot.integer("a") == 1)
        #expect(layers.snapshot.integer("b") == 2)
    }

    @Test func `without an admin layer nothing can be changed`() {
        var layers = RuntimeLayers([RuntimeLayer(name: "base", kind: .static([:]))])
        #expect(throws: RuntimeFault("No admin layer specified")) { try layers.modify([("a", "1")]) }
    }

    @Test func `one value that cannot be read leaves all as it was`() throws {
        var layers = try layers()
        #expect(throws: RuntimeFault.self) { try layers.modify([("a", "7"), ("b", "[1")]) }
        #expect(layers.snapshot.integer("a") == 1)
    }

    @Test func `the document shows each layer's part in order`() throws {
        var layers = try layers()
        layers.setDisk(1, to: [:])
        try layers.modify([("a", "<7>"), ("é", "\"\\\n")])
        #expect(
            layers.document.json == #"""
                {
                 "layers": [
                  "base",
                  "disk",
                  "admin"
                 ],
                 "entries": {
                  "a": {
                   "final_value": "\u003c7\u003e",
                   "layer_values": [
                    "1",
                    "",
                    "\u003c7\u003e"
                   ]
                  },
                  "b": {
                   "final_value": "2",
                   "layer_values": [
                    "2",
                    "",
                    ""
                   ]
                  },
                  "é": {
                   "final_value": "\"\\\n",
                   "layer_values": [
                    "",
                    "",
                    "\"\\\n"
                   ]
                  }
                 }
                }

                """#
        )
    }

    @Test func `a disk layer without a directory is no layer`() throws {
        let layers = try layers()
        #expect(layers.document.layers == ["base", "admin"])
        #expect(layers.count == 2)
        #expect(layers.document.entries.map(\.layerValues.count) == [2, 2])
    }

    @Test func `no layers are shown as none`() {
        #expect(RuntimeLayers([]).document.json == "{\n \"layers\": [],\n \"entries\": {}\n}\n")
    }

    @Test(
        arguments: [
            ("50", Fraction(numerator: 50, denominator: 100)), ("101", Fraction(numerator: 100, denominator: 100)),
            ("{numerator: 5, denominator: MILLION}", Fraction(numerator: 5, denominator: 1_000_000)), ("text", nil),
        ] as [(String, Fraction?)]
    )
    func `a share asks for a fraction first and for a percentage then`(text: String, fraction: Fraction?) throws {
        let snapshot = RuntimeSnapshot(["k": try RuntimeValue(parsing: text)])
        #expect(snapshot.fraction("k") == fraction)
        let share = RuntimeFraction(Fraction(numerator: 0, denominator: 100), key: "k")
        #expect(share.includes(0, snapshot) == (fraction != nil))
        #expect(!share.includes(0, .empty))
    }
}
