// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Whether a listening socket accepts: not while the system has no descriptors left, while clients have their share of
// them, or while the proxy has too much to do. NIO's own back-off leaves the socket registered, and a listening socket
// that cannot be accepted from is readable without end: a core spins.

internal import NIOCore
internal import UnderstudyCore

/// What a listener tells of its accepting, from any of its loop's turns.
public struct AcceptWatch: Sendable {
    /// Shared by all listeners.
    let places: ClientPlaces
    /// The system gave no descriptor, or another reason why not.
    let failed: @Sendable (CInt) -> Void
    /// Accepting waits until a client of any listener leaves.
    let filled: @Sendable () -> Void

    public init(
        places: ClientPlaces,
        failed: @escaping @Sendable (CInt) -> Void,
        filled: @escaping @Sendable () -> Void
    ) {
        self.places = places
        self.failed = failed
        self.filled = filled
    }
}

/// Loop-bound.
final class AcceptGate {
    /// Why nobody is accepted now; whoever comes waits in the system's queue.
    struct Reasons: OptionSet {
        let rawValue: UInt8

        /// It was not asked to begin yet.
        static let unopened = Reasons(rawValue: 1)
        static let failure = Reasons(rawValue: 2)
        /// Clients have all the descriptors that they may have.
        static let full = Reasons(rawValue: 4)
        static let overload = Reasons(rawValue: 8)
    }

    /// How long until the next try after a failure.
    private static let pause = TimeAmount.milliseconds(100)

    /// Called when it opens or closes.
    var changed: (() -> Void)?
    private let watch: AcceptWatch?
    private let eventLoop: any EventLoop
    private var reasons: Reasons

    init(_ watch: AcceptWatch?, isOpen: Bool, eventLoop: any EventLoop) {
        self.watch = watch
        self.eventLoop = eventLoop
        reasons = isOpen ? [] : .unopened
    }

    var isOpen: Bool { reasons.isEmpty }

    /// What a client that was accepted gives back when it leaves.
    var places: ClientPlaces? { watch?.places }

    /// A client was accepted.
    func accepted() {
        guard let places else { return }
        places.take()
        if places.isFull { waitForPlace(places) }
    }

    /// - Parameter code: The system's number for why a client could not be accepted.
    func failed(_ code: CInt) {
        watch?.failed(code)
        guard !reasons.contains(.failure) else { return }
        add(.failure)
        eventLoop.assumeIsolated().scheduleTask(in: Self.pause) { self.remove(.failure) }
    }

    private func waitForPlace(_ places: ClientPlaces) {
        guard !reasons.contains(.full) else { return }
        add(.full)
        watch?.filled()
        awaitPlace(places)
    }

    private func awaitPlace(_ places: ClientPlaces) {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        places.wait { bound.eventLoop.execute { bound.value.placeIsFree(places) } }
    }

    private func placeIsFree(_ places: ClientPlaces) {
        // Its listener is closed.
        guard changed != nil else { return }
        // Another listener may have been quicker.
        if places.isFull { awaitPlace(places) } else { remove(.full) }
    }

    func add(_ reason: Reasons) {
        set(reasons.union(reason))
    }

    func remove(_ reason: Reasons) {
        set(reasons.subtracting(reason))
    }

    private func set(_ new: Reasons) {
        let wasOpen = reasons.isEmpty
        reasons = new
        if wasOpen != new.isEmpty { changed?() }
    }
}

@available(*, unavailable)
extension AcceptGate: Sendable {}
