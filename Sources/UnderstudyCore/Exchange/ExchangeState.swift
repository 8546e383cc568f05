// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What happens next in one exchange between a client and its primary.

/// The life of an exchange as a value: every event is a method, every method says what the shell must do.
///
/// Nothing happens to an exchange after its end. Mirrors appear only as something to cut; nothing that a mirror does is an event here, which is how it is kept
/// from the client.
public struct ExchangeState: Sendable {
    /// The shell carries these out in the order of their declaration.
    public struct Actions: OptionSet, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// The one of every option set would be called by way of its witnesses.
        @inlinable
        @inline(__always)
        public func contains(_ action: Actions) -> Bool { rawValue & action.rawValue == action.rawValue }

        /// Send the local reply that comes with the actions.
        public static let reply = Actions(rawValue: 1 << 0)
        /// Close the primary's connection.
        public static let cutPrimary = Actions(rawValue: 1 << 1)
        /// Cut every mirror that has not got the whole request.
        public static let cutMirrors = Actions(rawValue: 1 << 2)
        /// Close the client's connection in the middle of an answer, so that it looks as broken as it is.
        public static let abortClient = Actions(rawValue: 1 << 3)
        /// Nothing is left to do between client and primary.
        public static let finish = Actions(rawValue: 1 << 4)
    }

    public enum RequestPhase: Sendable { case receiving, complete }
    public enum AnswerPhase: Sendable { case awaited, streaming, ended }

    public private(set) var request = RequestPhase.receiving
    public private(set) var answer = AnswerPhase.awaited

    public init() {}

    // A comparison of two would be called by way of its witness.
    @inlinable public var isRequestComplete: Bool { if case .complete = request { true } else { false } }

    /// Whether the client's next message can be read on the same connection: it has sent the whole of this one.
    public var mayKeepClient: Bool { isRequestComplete }

    /// The client's message ended.
    public mutating func requestEnded() {
        request = .complete
    }

    /// The primary's head arrived.
    ///
    /// - Returns: Whether the answer overtook the request. The client is then told that its connection closes, and
    ///   no service time, since none was measured.
    public mutating func answerBegan() -> Bool {
        answer = .streaming
        return request == .receiving
    }

    /// The primary's message ended.
    public mutating func answerEnded() -> Actions {
        guard answer != .ended else { return [] }
        answer = .ended
        // An answer that overtook its request ends the exchange: the rest of the body is not wanted any more.
        return request == .receiving ? [.cutPrimary, .cutMirrors, .finish] : .finish
    }

    /// The primary failed, or could not be reached at all.
    public mutating func primaryFailed() -> Actions {
        guard answer != .ended else { return [] }
        defer { answer = .ended }
        var actions: Actions = [.cutPrimary, .finish]
        if request == .receiving { actions.insert(.cutMirrors) }
        actions.insert(answer == .awaited ? .reply : .abortClient)
        return actions
    }

    /// The proxy answers by itself, before any upstream was asked.
    public mutating func answeredLocally() -> Actions {
        guard answer != .ended else { return [] }
        answer = .ended
        return [.reply, .finish]
    }

    /// The rest of the request is malformed or overdue.
    ///
    /// No upstream may take what came so far for the whole.
    public mutating func requestBroke() -> Actions {
        request = .receiving
        return primaryFailed()
    }

    /// The client's connection is gone.
    public mutating func clientLeft() -> Actions {
        guard answer != .ended else { return [] }
        defer { answer = .ended }
        // A complete request is as good as any to a mirror; half of one must never look whole.
        return request == .receiving ? [.cutPrimary, .cutMirrors, .finish] : [.cutPrimary, .finish]
    }
}
