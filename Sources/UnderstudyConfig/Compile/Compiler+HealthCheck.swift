// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How endpoints are asked whether they are well, and when.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    private typealias Check = Envoy_Config_Core_V3_HealthCheck

    mutating func healthChecks(_ messages: [Envoy_Config_Core_V3_HealthCheck], at place: Place) -> [HealthCheck] {
        if messages.count > 1 {
            let found = "\(messages.count) health checks"
            refuse(place, "more than one health check", kind: .unsupported, found: found, accepted: "one")
        }
        return zip(messages, place.items).compactMap { compile($0, at: $1) }
    }

    private mutating func compile(_ message: Check, at place: Place) -> HealthCheck? {
        let timeout = required(message.hasTimeout, message.timeout, "timeout", in: place)
        let interval = required(message.hasInterval, message.interval, "interval", in: place)
        if !message.hasUnhealthyThreshold { require("unhealthy_threshold", in: place) }
        if !message.hasHealthyThreshold { require("healthy_threshold", in: place) }
        let probe = probe(message, at: place)
        guard let probe, let timeout, let interval else { return nil }
        var check = HealthCheck(
            probe,
            timeout: timeout,
            interval: interval,
            unhealthyThreshold: message.unhealthyThreshold.value,
            healthyThreshold: message.healthyThreshold.value
        )
        setWaits(message, at: place, of: &check)
        if message.hasReuseConnection { check.reusesConnection = message.reuseConnection.value }
        check.alwaysLogsFailures = message.alwaysLogHealthCheckFailures
        check.alwaysLogsSuccesses = message.alwaysLogHealthCheckSuccess
        return check
    }

    private mutating func required(
        _ isGiven: Bool,
        _ message: Google_Protobuf_Duration,
        _ field: String,
        in place: Place
    ) -> Duration? {
        guard isGiven else {
            require(field, in: place)
            return nil
        }
        return positive(true, message, at: place.field(field))
    }

    /// A wait, which has to be longer than nothing; `nil` if it is not given.
    mutating func positive(_ isGiven: Bool, _ message: Google_Protobuf_Duration, at place: Place) -> Duration? {
        guard isGiven else { return nil }
        let duration = Duration(message)
        checkPositive(duration, at: place)
        return duration
    }

    private mutating func setWaits(_ message: Check, at place: Place, of check: inout HealthCheck) {
        if message.hasInitialJitter { check.initialJitter = Duration(message.initialJitter) }
        if message.hasIntervalJitter { check.intervalJitter = Duration(message.intervalJitter) }
        check.intervalJitterPercent = message.intervalJitterPercent
        let silent = place.field("no_traffic_interval")
        if let wait = positive(message.hasNoTrafficInterval, message.noTrafficInterval, at: silent) {
            check.noTrafficInterval = wait
        }
        check.noTrafficHealthyInterval = positive(
            message.hasNoTrafficHealthyInterval,
            message.noTrafficHealthyInterval,
            at: place.field("no_traffic_healthy_interval")
        )
        check.unhealthyInterval = positive(
            message.hasUnhealthyInterval,
            message.unhealthyInterval,
            at: place.field("unhealthy_interval")
        )
        check.unhealthyEdgeInterval = positive(
            message.hasUnhealthyEdgeInterval,
            message.unhealthyEdgeInterval,
            at: place.field("unhealthy_edge_interval")
        )
        check.healthyEdgeInterval = positive(
            message.hasHealthyEdgeInterval,
            message.healthyEdgeInterval,
            at: place.field("healthy_edge_interval")
        )
    }

    private mutating func probe(_ message: Check, at place: Place) -> HealthCheck.Probe? {
        switch message.healthChecker {
        case .httpHealthCheck(let probe): return compile(probe, at: place.field("http_health_check"))
        case .tcpHealthCheck(let message):
            let place = place.field("tcp_health_check")
            var probe = HealthCheck.TCPProbe()
            if message.hasSend { probe.send = payload(message.send, at: place.field("send")) }
            probe.receive = zip(message.receive, place.field("receive").items).compactMap { payload($0, at: $1) }
            return .tcp(probe)
        case nil:
            require("health_checker", in: place, accepted: "http_health_check or tcp_health_check")
            return nil
        }
    }

    /// The bytes; `nil`, after a report, if they cannot be told.
    mutating func payload(_ message: Envoy_Config_Core_V3_HealthCheck.Payload, at place: Place) -> [UInt8]? {
        switch message.payload {
        case .binary(let data): return Array(data)
        case .text(let text):
            requireText(text, "text", in: place)
            let bytes = hexadecimal(text)
            if bytes == nil {
                refuse(place.field("text"), "invalid hex string '\(shown(text))'", accepted: "pairs such as 0a")
            }
            return bytes
        case nil:
            require("payload", in: place, accepted: "text or binary")
            return nil
        }
    }

    private func hexadecimal(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = Character(UnicodeScalar(digits[index])).hexDigitValue,
                let low = Character(UnicodeScalar(digits[index + 1])).hexDigitValue
            else { return nil }
            // Safe: both are below 16.
            bytes.append(UInt8(high * 16 + low))
        }
        return bytes
    }
}
