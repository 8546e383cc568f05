// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Envoy's default access log line, written without taking a format string apart.

/// The line of a log without a format.
///
/// - Source: Envoy "Default format string": `[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%
///   %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION%
///   %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%"
///   "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%"` and a line feed.
enum StandardLine {
    static func append(
        to bytes: inout [UInt8],
        request: borrowing RequestHead,
        response: borrowing ResponseHead?,
        facts: borrowing ExchangeFacts
    ) {
        bytes.append(0x5B)
        bytes.append(standardTime: facts.startTime)
        bytes.append(literal: "] \"")
        append(request, method, to: &bytes)
        bytes.append(0x20)
        if !request.append(.originalOrCurrent, withQuery: true, to: &bytes) { bytes.append(0x2D) }
        bytes.append(0x20)
        append(facts, response, to: &bytes)
        append(request, facts, to: &bytes)
    }

    /// From the protocol to the primary's own time.
    private static func append(
        _ facts: borrowing ExchangeFacts,
        _ response: borrowing ResponseHead?,
        to bytes: inout [UInt8]
    ) {
        bytes.append(literal: facts.protocolName ?? "-")
        bytes.append(literal: "\" ")
        bytes.append(decimal: facts.status)
        bytes.append(0x20)
        facts.append(flagsTo: &bytes) { $0 }
        bytes.append(0x20)
        bytes.append(decimal: facts.bytesReceived)
        bytes.append(0x20)
        bytes.append(decimal: facts.bytesSent)
        bytes.append(0x20)
        bytes.append(decimal: Int(facts.elapsed / 1_000_000))
        bytes.append(0x20)
        // A copy because a borrowed optional cannot be opened; it shares the memory.
        let hasTime = (copy response)?.append(serviceTime, to: &bytes) ?? false
        if !hasTime { bytes.append(0x2D) }
    }

    /// The quoted texts at the end.
    private static func append(
        _ request: borrowing RequestHead,
        _ facts: borrowing ExchangeFacts,
        to bytes: inout [UInt8]
    ) {
        for name in quoted {
            bytes.append(literal: " \"")
            append(request, name, to: &bytes)
            bytes.append(0x22)
        }
        bytes.append(literal: " \"")
        if let upstream = facts.upstream { upstream.append(to: &bytes) } else { bytes.append(0x2D) }
        bytes.append(literal: "\"\n")
    }

    private static func append(_ request: borrowing RequestHead, _ name: [UInt8], to bytes: inout [UInt8]) {
        if !request.append(name, to: &bytes) { bytes.append(0x2D) }
    }

    private static let method = Array(":method".utf8)
    private static let serviceTime = Array("x-envoy-upstream-service-time".utf8)
    private static let quoted = ["x-forwarded-for", "user-agent", "x-request-id", "host"].map { Array($0.utf8) }
}
