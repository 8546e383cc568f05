// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One access log, compiled: which requests get a line, and what is in it.

/// A filter and a format, made once when the configuration is read and used for every request.
public struct AccessLogLine: Sendable {
    private enum Form: Sendable {
        case standard
        case text(FormatString, AbsentValue)
        case json(BodyFormat)
    }

    private let condition: AccessLogCondition?
    private let form: Form
    /// What has to be in the facts besides the plain ones.
    public let needs: FactNeeds

    public init(_ log: AccessLog) {
        condition = log.filter.map(AccessLogCondition.init)
        switch log.format {
        case nil: form = .standard
        case let format?:
            switch format.form {
            case .text(let text): form = .text(text, format.omitsEmptyValues ? .empty : .dash)
            case .json: form = .json(format)
            }
        }
        needs = (log.format?.needs ?? Self.standardNeeds).union(condition?.needs ?? [])
    }

    /// Whether the request gets a line.
    ///
    /// - Parameter random: Drawn for this exchange.
    public func isWanted(
        request: borrowing RequestHead,
        response: borrowing ResponseHead?,
        facts: borrowing ExchangeFacts,
        random: UInt64,
        runtime: RuntimeSnapshot
    ) -> Bool {
        guard let condition else { return true }
        return condition.holds(request: request, response: response, facts: facts, random: random, runtime: runtime)
    }

    /// Writes the line, with a line feed at its end where Envoy has one: text formats bring their own.
    ///
    /// - Parameters:
    ///   - request: As it went to the primary: rewritten, and with the lines that were added.
    ///   - response: As it went to the client; `nil` if none did.
    public func append(
        to bytes: inout [UInt8],
        request: borrowing RequestHead,
        response: borrowing ResponseHead?,
        facts: borrowing ExchangeFacts
    ) {
        switch form {
        case .standard: StandardLine.append(to: &bytes, request: request, response: response, facts: facts)
        case .text(let format, let absent):
            format.append(to: &bytes, request: request, response: response, facts: facts, absent: absent)
        case .json(let format):
            bytes.append(contentsOf: format.body(request: request, response: response, facts: facts).bytes)
        }
    }

    private static let standardNeeds: FactNeeds = [.upstream]
}
