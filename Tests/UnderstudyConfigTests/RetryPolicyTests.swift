// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Retries: what a policy becomes, which of several counts, and Envoy 1.40's verdicts.

import Testing
import UnderstudyCore

@testable import UnderstudyConfig

@Suite struct RetryPolicyTests {
    private static let predicate = """
        {name: p, typed_config: {"@type": \
        type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate}}
        """

    private func load(_ policy: String) -> ConfigurationResult {
        Sample.load(action: "retry_policy: {\(policy)}")
    }

    private func expect(_ written: String, _ change: (inout RetryPolicy) -> Void) {
        let result = load(written)
        var policy = RetryPolicy()
        change(&policy)
        #expect(result.actions.map(\.retryPolicy) == [policy], "\(result.rendered)")
    }

    @Test func `what is not given has Envoy's defaults`() {
        expect("") { _ in }
        expect("per_try_timeout: 0s, per_try_idle_timeout: 0s") { _ in }
    }

    @Test func `every field arrives in the model`() {
        let written = """
            retry_on: "5xx,reset", num_retries: 3, per_try_timeout: 2s, per_try_idle_timeout: 1s, \
            retry_host_predicate: [\(Self.predicate)], host_selection_retry_max_attempts: 5, \
            retriable_status_codes: [404, 100000], retry_back_off: {base_interval: 1s, max_interval: 2s}, \
            rate_limited_retry_back_off: \
            {reset_headers: [{name: X-R}, {name: z, format: UNIX_TIMESTAMP}], max_interval: 9s}, \
            retriable_headers: [{name: A}], retriable_request_headers: [{name: B}]
            """
        expect(written) {
            $0.conditions = [.serverError, .reset]
            $0.retries = 3
            $0.perTryTimeout = .seconds(2)
            $0.perTryIdleTimeout = .seconds(1)
            $0.otherHostPicks = 5
            $0.retriableStatuses = [404, 100_000]
            $0.backOffBase = .seconds(1)
            $0.backOffMaximum = .seconds(2)
            $0.resetHeaders = [.init(name: "x-r", isTimestamp: false), .init(name: "z", isTimestamp: true)]
            $0.resetMaximum = .seconds(9)
            $0.retriableHeaders = [HeaderMatch(name: "a", rule: .present(true))]
            $0.retriableRequestHeaders = [HeaderMatch(name: "b", rule: .present(true))]
        }
    }

    @Test func `the longest wait is ten times the shortest, which is 1 ms at least`() {
        expect("retry_back_off: {base_interval: 0.0000001s}") {
            $0.backOffBase = .milliseconds(1)
            $0.backOffMaximum = .milliseconds(10)
        }
        expect("retry_back_off: {base_interval: 0.0004s, max_interval: 0.0003s}") {
            $0.backOffBase = .milliseconds(1)
            $0.backOffMaximum = .milliseconds(1)
        }
    }

    @Test func `previous hosts are avoided with one pick, unless the file says otherwise`() {
        expect("retry_host_predicate: [\(Self.predicate)]") { $0.otherHostPicks = 1 }
        expect("host_selection_retry_max_attempts: 4") { _ in }
    }

    @Test func `an unknown condition is passed over with a warning`() {
        let result = load("retry_on: \"5xx, nope,,NO\"")
        let text = "Unknown retry_on policy token(s) [nope, NO] in retry_on config '5xx, nope,,NO'."
        #expect(result.warnings.map(\.message) == ["\(text) These tokens will be silently ignored."])
        #expect(result.actions.first?.retryPolicy?.conditions == [.serverError])
    }

    @Test func `the route's policy counts, else the virtual host's`() {
        let indent = String(repeating: " ", count: 14)
        let host = ("domains: [\"*\"]", "domains: [\"*\"]\n\(indent)retry_policy: {num_retries: 7}")
        let inherited = Sample.load(host)
        #expect(inherited.actions.first?.retryPolicy?.retries == 7, "\(inherited.rendered)")
        let own = Sample.load(host, ("timeout: 1.5s", "retry_policy: {retry_on: reset}"))
        #expect(own.actions.first?.retryPolicy?.retries == 1, "\(own.rendered)")
        #expect(own.actions.first?.retryPolicy?.conditions == .reset)
        #expect(Sample.load().actions.first?.retryPolicy == nil)
    }

    @Test(arguments: [
        ("", "", Int?.none),
        ("request_body_buffer_limit: 5", "", 5),
        ("per_request_buffer_limit_bytes: 5", "", 5),
        ("request_body_buffer_limit: 5", "request_body_buffer_limit: 6", 6),
        ("request_body_buffer_limit: 5", "per_request_buffer_limit_bytes: 7, request_body_buffer_limit: 6", 6),
        ("", "request_body_buffer_limit: 18446744073709551615", Int.max),
    ])
    func `bytes are kept for another try`(host: String, route: String, limit: Int?) {
        let fields = route.isEmpty ? "" : ", \(route)"
        let routeText = "{match: {prefix: /}, route: {cluster: c1}\(fields)}\n"
        let indent = String(repeating: " ", count: 14)
        let result = Sample.load(
            ("domains: [\"*\"]", host.isEmpty ? "domains: [\"*\"]" : "domains: [\"*\"]\n\(indent)\(host)"),
            ("routes:\n", "routes:\n\(indent)- \(routeText)")
        )
        #expect(result.actions.first?.retryBufferLimit == limit, "\(result.rendered)")
    }

    @Test(arguments: [
        ("retry_back_off: {}", "base_interval is required"),
        ("retry_back_off: {base_interval: 0s}", "value must be greater than 0s"),
        ("retry_back_off: {base_interval: 1s, max_interval: 0s}", "value must be greater than 0s"),
        (
            "retry_back_off: {base_interval: 1s, max_interval: 0.5s}",
            "retry_policy.max_interval must greater than or equal to the base_interval"
        ),
        ("rate_limited_retry_back_off: {}", "reset_headers is required"),
        ("rate_limited_retry_back_off: {reset_headers: [{}]}", "name is required"),
        ("rate_limited_retry_back_off: {reset_headers: [{name: x, format: 7}]}", "unknown format"),
        (
            "rate_limited_retry_back_off: {reset_headers: [{name: \"a\\nb\"}]}", "value must not contain NUL, CR or LF"
        ),
        (
            "rate_limited_retry_back_off: {reset_headers: [{name: x}], max_interval: 0s}",
            "value must be greater than 0s"
        ),
        ("retry_host_predicate: [{}]", "name is required"),
        (
            "retry_host_predicate: [{name: x}]", "Didn't find a registered implementation for 'x' with type URL: ''"
        ),
        ("host_selection_retry_max_attempts: 1.5", "not a whole number"),
        ("retriable_headers: [{}]", "name is required"),
        ("retriable_request_headers: [{}]", "name is required"),
        ("retry_priority: {name: x}", "unsupported field \"retry_priority\" in RetryPolicy"),
    ])
    func `a policy is refused`(written: String, message: String) {
        #expect(load(written).messages == [message])
        let onHost = Sample.load(host: "retry_policy: {\(written)}")
        #expect(onHost.messages == [message])
    }

    @Test func `another predicate is not supported`() {
        let type = "type.googleapis.com/envoy.extensions.retry.host.omit_canary_hosts.v3.OmitCanaryHostsPredicate"
        let result = load("retry_host_predicate: [{name: x, typed_config: {\"@type\": \(type)}}]")
        #expect(result.messages.first == "unsupported @type")
        #expect(result.errors.map(\.kind) == [.unsupported])
    }
}
