// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which requests get a line in an access log, and which of the proxy's own answers a change is for.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    mutating func compile(_ message: Envoy_Config_Accesslog_V3_AccessLogFilter, at place: Place) -> AccessLogFilter? {
        switch message.filterSpecifier {
        case .statusCodeFilter(let filter):
            let place = place.field("status_code_filter")
            guard let number = comparison(filter.hasComparison, filter.comparison, in: place) else { return nil }
            return .status(number.comparison, value: number.value, runtimeKey: number.runtimeKey)
        case .durationFilter(let filter):
            let place = place.field("duration_filter")
            guard let number = comparison(filter.hasComparison, filter.comparison, in: place) else { return nil }
            return .durationMilliseconds(number.comparison, value: number.value, runtimeKey: number.runtimeKey)
        case .notHealthCheckFilter: return .notHealthCheck
        case .runtimeFilter(let filter): return compile(filter, at: place.field("runtime_filter"))
        case .andFilter(let filter): return all(filter.filters, in: place.field("and_filter")).map(AccessLogFilter.all)
        case .orFilter(let filter): return all(filter.filters, in: place.field("or_filter")).map(AccessLogFilter.any)
        case .headerFilter(let filter): return compile(filter, at: place.field("header_filter"))
        case .responseFlagFilter(let filter): return compile(filter, at: place.field("response_flag_filter"))
        case .grpcStatusFilter(let filter):
            return .grpcStatuses(filter.statuses.map { UInt32($0.rawValue) }, isExcluding: filter.exclude)
        case nil:
            require("filter_specifier", in: place)
            return nil
        }
    }

    /// A number to compare with, and how.
    private struct Comparison {
        var comparison: AccessLogFilter.Comparison
        var value: UInt32
        var runtimeKey: String
    }

    private mutating func comparison(
        _ isGiven: Bool,
        _ message: Envoy_Config_Accesslog_V3_ComparisonFilter,
        in place: Place
    ) -> Comparison? {
        guard isGiven else {
            require("comparison", in: place)
            return nil
        }
        guard message.hasValue else {
            require("value", in: place.field("comparison"))
            return nil
        }
        return Comparison(
            comparison: AccessLogFilter.Comparison(message.op),
            value: message.value.defaultValue,
            runtimeKey: message.value.runtimeKey
        )
    }

    /// All filters of a list; `nil` if any of them is faulty.
    private mutating func all(
        _ messages: [Envoy_Config_Accesslog_V3_AccessLogFilter],
        in place: Place
    ) -> [AccessLogFilter]? {
        let place = place.field("filters")
        if messages.count < 2 {
            refuse(place, breaking: "value must contain at least 2 item(s)", found: "\(messages.count)")
        }
        let filters = zip(messages, place.items).compactMap { compile($0, at: $1) }
        return filters.count == messages.count ? filters : nil
    }

    private mutating func compile(
        _ message: Envoy_Config_Accesslog_V3_RuntimeFilter,
        at place: Place
    ) -> AccessLogFilter? {
        requireText(message.runtimeKey, "runtime_key", in: place)
        var share = Fraction(numerator: 0, denominator: 100)
        if message.hasPercentSampled { share = Fraction(message.percentSampled) }
        return .runtime(RuntimeFraction(share, key: message.runtimeKey))
    }

    private mutating func compile(
        _ message: Envoy_Config_Accesslog_V3_HeaderFilter,
        at place: Place
    ) -> AccessLogFilter? {
        guard message.hasHeader else {
            require("header", in: place)
            return nil
        }
        return compile(message.header, at: place.field("header")).map(AccessLogFilter.header)
    }

    private mutating func compile(
        _ message: Envoy_Config_Accesslog_V3_ResponseFlagFilter,
        at place: Place
    ) -> AccessLogFilter {
        for (flag, place) in zip(message.flags, place.field("flags").items) where !Self.flags.contains(flag) {
            let names = Self.flags.joined(separator: " ")
            refuse(place, breaking: "value must be in list [\(names)]", found: quoted(flag))
        }
        return .responseFlags(message.flags)
    }

    /// Envoy's response flags.
    private static let flags = [
        "LH", "UH", "UT", "LR", "UR", "UF", "UC", "UO", "NR", "DI", "FI", "RL", "UAEX", "RLSE", "DC", "URX", "SI", "IH",
        "DPE", "UMSDR", "RFCF", "NFCF", "DT", "UPE", "NC", "OM", "DF", "DO", "DR", "UDO",
    ]
}

extension AccessLogFilter.Comparison {
    fileprivate init(_ operation: Envoy_Config_Accesslog_V3_ComparisonFilter.Op) {
        self =
            switch operation {
            case .eq, .UNRECOGNIZED: .equal
            case .ge: .atLeast
            case .le: .atMost
            case .ne: .notEqual
            }
    }
}
