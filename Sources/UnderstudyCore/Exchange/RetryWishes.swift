// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a request itself says about its retries.

/// The retry headers of a request, as far as sanitising has left them.
///
/// - Source: Envoy, router filter, "HTTP headers (consumed)".
struct RetryWishes {
    private(set) var areThere = false
    private(set) var conditions: RetryPolicy.Conditions = []
    /// `nil` also for several lines.
    var retries: UInt64? { maxRetries.count == 1 ? maxRetries[0] : nil }
    private var maxRetries: [UInt64?] = []
    private(set) var statuses: [Int] = []
    private(set) var headerNames: [HeaderMatcher] = []

    init(_ head: borrowing RequestHead) {
        let bytes = head.headers.bytes.span
        for line in head.headers.lines where line.known == .clientControl {
            guard let header = Header(bytes, line.name) else { continue }
            areThere = true
            switch header {
            case .retryOn:
                conditions.formUnion(RetryPolicy.Conditions(names: bytes, line.value).subtracting(.anyGRPC))
            case .retryGRPCOn:
                conditions.formUnion(RetryPolicy.Conditions(names: bytes, line.value).intersection(.anyGRPC))
            case .maxRetries: maxRetries.append(Decimal.lenientUnsigned(bytes, line.value))
            case .statusCodes: addStatuses(bytes, line.value)
            case .headerNames:
                headerNames += HeaderToken.elements(bytes, line.value).map { name in
                    HeaderMatcher(HeaderMatch(name: String(decoding: name, as: UTF8.self), rule: .present(true)))
                }
            case .hedge, .tryTimeout: break
            }
        }
    }

    private mutating func addStatuses(_ bytes: Span<UInt8>, _ value: Range<Int>) {
        for element in HeaderToken.elements(bytes, value) {
            guard let number = Decimal.lenientUnsigned(element.span, element.indices) else { continue }
            statuses.append(Int(truncatingIfNeeded: number))
        }
    }

    /// The headers that no upstream gets to see.
    enum Header: CaseIterable {
        case retryOn, retryGRPCOn, maxRetries, statusCodes, headerNames, hedge, tryTimeout

        init?(_ bytes: Span<UInt8>, _ name: Range<Int>) {
            for header in Self.allCases
            where header.name.utf8CodeUnitCount == name.count
                && ByteScan.equals(bytes, at: name.lowerBound, header.name)
            {
                self = header
                return
            }
            return nil
        }

        private var name: StaticString {
            switch self {
            case .retryOn: "x-envoy-retry-on"
            case .retryGRPCOn: "x-envoy-retry-grpc-on"
            case .maxRetries: "x-envoy-max-retries"
            case .statusCodes: "x-envoy-retriable-status-codes"
            case .headerNames: "x-envoy-retriable-header-names"
            case .hedge: "x-envoy-hedge-on-per-try-timeout"
            case .tryTimeout: "x-envoy-upstream-rq-per-try-timeout-ms"
            }
        }
    }
}

extension RequestHead {
    mutating func removeRetryWishes() {
        let bytes = headers.bytes
        headers.removeLines { $0.known == .clientControl && RetryWishes.Header(bytes.span, $0.name) != nil }
    }
}
