// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The outcome of a gRPC call, as format strings tell it.

/// A status of gRPC; -1 if the answer tells one that is no number.
///
/// - Source: the gRPC project's `statuscodes`; what has no name is told as a number, as measured on Envoy 1.40.
public struct GRPCStatus: Sendable, Equatable {
    public enum Form: Sendable, Equatable {
        case camel
        case snake
        case number
    }

    let code: Int
    /// What stands for no status at all.
    static let unknown = 2

    /// The status that trailers or answer tell, or else the one that the HTTP status stands for.
    ///
    /// - Returns: `nil` if nothing is known of an answer yet.
    init?(response: borrowing ResponseHead?, facts: borrowing ExchangeFacts) {
        if let code = facts.responseTrailers.flatMap(Self.code(in:)) {
            self.code = code
        } else if let code = (copy response).flatMap({ Self.code(in: $0.headers) }) {
            // A copy because a borrowed optional cannot be opened; it shares the memory.
            self.code = code
        } else {
            guard facts.status > 0 else { return nil }
            code = ResponseHead.statusOfGRPC(facts.status)
        }
    }

    /// The same, but `nil` also if the client does not speak gRPC.
    init?(request: borrowing RequestHead, response: borrowing ResponseHead?, facts: borrowing ExchangeFacts) {
        guard request.isGRPC else { return nil }
        self.init(response: response, facts: facts)
    }

    private static func code(in lines: HeaderBlock) -> Int? {
        guard let index = lines.firstIndex(named: name) else { return nil }
        return Decimal.parse(lines.bytes.span, lines.lines[index].value) ?? -1
    }

    func append(to bytes: inout [UInt8], _ form: Form) {
        guard form != .number, Self.names.indices.contains(code) else {
            if code < 0 { bytes.append(0x2D) }
            return bytes.append(decimal: abs(code))
        }
        bytes.append(literal: form == .camel ? Self.names[code].camel : Self.names[code].snake)
    }

    private static let name = Array("grpc-status".utf8)

    private static let names: [(camel: StaticString, snake: StaticString)] = [
        ("OK", "OK"), ("Canceled", "CANCELLED"), ("Unknown", "UNKNOWN"), ("InvalidArgument", "INVALID_ARGUMENT"),
        ("DeadlineExceeded", "DEADLINE_EXCEEDED"), ("NotFound", "NOT_FOUND"), ("AlreadyExists", "ALREADY_EXISTS"),
        ("PermissionDenied", "PERMISSION_DENIED"), ("ResourceExhausted", "RESOURCE_EXHAUSTED"),
        ("FailedPrecondition", "FAILED_PRECONDITION"), ("Aborted", "ABORTED"), ("OutOfRange", "OUT_OF_RANGE"),
        ("Unimplemented", "UNIMPLEMENTED"), ("Internal", "INTERNAL"), ("Unavailable", "UNAVAILABLE"),
        ("DataLoss", "DATA_LOSS"), ("Unauthenticated", "UNAUTHENTICATED"),
    ]
}

extension GRPCStatus.Form {
    init(_ argument: String) throws(FormatFault) {
        switch argument {
        case "", "CAMEL_STRING": self = .camel
        case "SNAKE_STRING": self = .snake
        case "NUMBER": self = .number
        default:
            throw FormatFault(
                .invalid,
                "GrpcStatusFormatter only supports CAMEL_STRING, SNAKE_STRING or NUMBER. Got: \(argument)"
            )
        }
    }
}
