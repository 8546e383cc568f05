// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// In how many ways a value may be written. Every verdict here was taken from Envoy 1.40 in validate mode, except where
// a name says otherwise.

import Testing
import UnderstudyCore

@testable import UnderstudyConfig

@Suite struct TypingRuleTests {
    @Test(arguments: [
        ("8081", 8081), ("\"8081\"", 8081), ("'8081'", 8081), ("8081.0", 8081), ("8.081e3", 8081),
        ("\"8.081e3\"", 8081), ("0x1F91", 8081), ("\"0x1F91\"", 8081), ("+8081", 8081), ("+0x10", 16), ("010", 8),
        ("\"010\"", 10), ("08", 8), ("017", 15), ("-0", 0), ("5.", 5), (".5e1", 5), ("\"+8081\"", 8081), ("0x1p4", 16),
        ("!!str 8081", 8081), ("!!int \"8081\"", 8081), ("! 8081", 8081), ("!foo 8081", 8081), ("0.0", 0),
    ])
    func `a number may be written as`(written: String, port: UInt16) {
        let result = Sample.load(("port_value: 10000", "port_value: \(written)"))
        #expect(result.configuration?.listeners.first?.address.port == port, "\(result.rendered)")
    }

    @Test(arguments: [
        "8081.5", "-1", "\" 8081\"", "\"8081 \"", "8_081", "0b11", "0o17", "true", "\"\"", "\"null\"", "[8081]",
        "{value: 8081}", ".inf", ".nan", "99999999999", "99999999999999999999", "0x", "-0x1", "1e400", "1:30", "1p4",
        "70000", "\"0x1FFFF\"", "infinity", "abc",
    ])
    func `a number may not be written as`(written: String) {
        let result = Sample.load(("port_value: 10000", "port_value: \(written)"))
        #expect(result.errors.count == 1)
        #expect(result.errors.first?.path == "static_resources.listeners[0].address.socket_address.port_value")
        #expect(result.errors.first?.line == 5)
    }

    @Test(arguments: [
        ("abc", "abc"), ("\"123\"", "123"), ("! 123", "123"), ("! true", "true"), ("&a ! 123", "123"),
        ("1.5", "1.5"), ("1e3", "1e3"), ("0b1", "0b1"), ("0o7", "0o7"), ("08", "08"), ("0778", "0778"),
        ("1_000", "1_000"), ("tRue", "tRue"), ("oN", "oN"), ("'true'", "true"), ("~", ""), ("null", ""),
        ("\"null\"", "null"),
        ("nULL", "nULL"), ("!!str null", "null"), ("2001-01-01", "2001-01-01"), ("12:30", "12:30"), ("<<", "<<"),
        ("2147483648", "2147483648"), ("0xFFFFFFFFF", "68719476735"), ("99999999999999999999", "99999999999999999999"),
        ("\"a\\tb\"", "a\tb"), ("\"\\u00e9\"", "é"), ("é", "é"),
    ])
    func `text may be written as`(written: String, name: String) {
        let result = Sample.load(("name: local_route", "name: \(written)"))
        let routes = result.configuration?.listeners.first?.connectionManager.routes
        #expect(routes?.name == name, "\(result.rendered)")
    }

    @Test(arguments: [
        "123", "0", "-1", "+1", "-0", "0x10", "010", "00", "2147483647", "true", "True", "TRUE", "yes", "No", "on",
        "OFF", "y", "N", "!!str 123", "!!str \"123\"", "!foo 'true'", "&a 123", "[a]", "[]", "{}", "{value: a}",
    ])
    func `text may not be written as`(written: String) {
        let result = Sample.load(("name: local_route", "name: \(written)"))
        #expect(result.errors.map(\.path) == [Sample.manager + ".route_config.name"])
    }

    @Test(arguments: [
        ("true", true), ("false", false), ("True", true), ("tRUE", true), ("yes", true), ("off", false), ("y", true),
        ("N", false), ("t", true), ("\"T\"", true), ("\"true\"", true), ("'no'", false), ("\"1\"", true),
        ("\"0\"", false),
        ("!!bool \"true\"", true), ("~", false), ("", false),
    ])
    func `a boolean may be written as`(written: String, isUnchanged: Bool) {
        let policy = "[{cluster: c2, disable_shadow_host_suffix_append: \(written)}]"
        let result = Sample.load(("[{cluster: c2}]", policy))
        #expect(result.mirrors.map(\.host) == [isUnchanged ? .unchanged : .suffixed], "\(result.rendered)")
    }

    @Test(arguments: ["1", "0", "truee", "\"on\"", "oN", "[true]", "{value: true}", "1.0", "\" true\"", "\"\""])
    func `a boolean may not be written as`(written: String) {
        let policy = "[{cluster: c2, disable_shadow_host_suffix_append: \(written)}]"
        let result = Sample.load(("[{cluster: c2}]", policy))
        #expect(result.messages == ["not a boolean"])
    }

    @Test(arguments: [
        ("TEN_THOUSAND", 10_000), ("ten_thousand", 10_000), ("\"Ten_Thousand\"", 10_000), ("1", 10_000),
        ("\"1\"", 10_000),
        ("0x2", 1_000_000), ("+1", 10_000), ("\" 2 \"", 1_000_000), ("-0", 100), ("~", 100), ("HUNDRED ", 100),
    ])
    func `a name of an enumeration may be written as`(written: String, denominator: UInt32) {
        let result = Sample.load(("{cluster: c2}", fraction("{numerator: 1, denominator: \(written)}")))
        #expect(
            result.mirrors.map(\.fraction.fraction) == [Fraction(numerator: 1, denominator: denominator)],
            "\(result.rendered)"
        )
    }

    @Test(arguments: [
        "3", "99", "-1", "0.0", "\"0x1\"", "1e0", "TEN-THOUSAND", "\" HUNDRED\"", "\"\"", "true", "[HUNDRED]", "{}",
    ])
    func `a name of an enumeration may not be written as`(written: String) {
        let result = Sample.load(("{cluster: c2}", fraction("{numerator: 1, denominator: \(written)}")))
        #expect(result.errors.count == 1)
        #expect(result.errors.first?.accepted == "HUNDRED, TEN_THOUSAND, MILLION")
    }

    @Test(arguments: [
        ("0.25s", Duration.milliseconds(250)), ("\"1s\"", .seconds(1)), ("01s", .seconds(1)),
        ("0.000000001s", .nanoseconds(1)),
        ("{seconds: 1}", .seconds(1)), ("{seconds: \"1\", nanos: 5}", .seconds(1) + .nanoseconds(5)),
        ("~", .seconds(15)),
        ("9223372035.5s", .seconds(9_223_372_035) + .milliseconds(500)), ("0s", .zero), ("-0s", .zero), ("{}", .zero),
    ])
    func `a duration may be written as`(written: String, timeout: Duration) {
        let result = Sample.load(("timeout: 1.5s", "timeout: \(written)"))
        #expect(result.actions.map(\.timeout) == [timeout], "\(result.rendered)")
    }

    @Test(arguments: [
        "1", "1.0", "\"1\"", "250ms", "1m", "-1s", "-0.5s", "0.0000000001s", "1.5S", "\" 1s\"", ".5s", "5.s", "1e3s",
        "+1s", "s",
        "\"\"", "[1s]", "0x1s", "true", "{second: 1}", "{seconds: 1.5}", "{seconds: -1}", "{nanos: 1000000000}",
        "{value: 1s}",
        "9223372036s", "315576000001s", "99999999999999999999s", "1_0s", "１s",
    ])
    func `a duration may not be written as`(written: String) {
        let result = Sample.load(("timeout: 1.5s", "timeout: \(written)"))
        #expect(result.errors.count == 1, "\(result.rendered)")
        #expect(result.errors.first?.path.hasPrefix(Sample.route + ".timeout") == true)
    }

    @Test(arguments: [
        ("1024", 1024), ("\"1024\"", 1024), ("{value: 1024}", 1024), ("{value: \"1024\"}", 1024), ("{}", 0),
        ("{value: ~}", 0), ("4294967295", 4_294_967_295),
    ])
    func `a wrapped number may be written as`(written: String, limit: Int) {
        let result = load(limit: written)
        #expect(result.configuration?.clusters.first?.connectionBufferLimit == limit, "\(result.rendered)")
    }

    @Test(arguments: [
        "-1", "4294967296", "\"\"", "[1024]", "{valu: 1}", "{value: 1, more: 2}", "{value: [1]}", "{value: {value: 1}}",
    ])
    func `a wrapped number may not be written as`(written: String) {
        #expect(load(limit: written).errors.count == 1)
    }

    @Test func `a null wrapped number is none`() {
        let result = load(limit: "~")
        #expect(result.isAccepted)
        #expect(result.configuration?.clusters.first?.connectionBufferLimit == nil)
    }

    private func load(limit: String) -> ConfigurationResult {
        Sample.load(("connect_timeout: 0.25s", "per_connection_buffer_limit_bytes: \(limit)"))
    }

    private func fraction(_ value: String) -> String {
        "{cluster: c2, runtime_fraction: {default_value: \(value)}}"
    }
}
