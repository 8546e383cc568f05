// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A second telling of which policy of which request comes to which outcome, as a user would reckon it by hand.

import UnderstudyCore

/// A mirror policy of the walk's configuration.
struct WalkedPolicy {
    /// `nil` asks the request's `x-mirror`.
    var cluster: String?
    /// Of requests.
    var percent: UInt32

    var policy: MirrorPolicy {
        let specifier = cluster.map { ClusterSpecifier.name($0) } ?? .header("x-mirror")
        let fraction = Fraction(numerator: percent, denominator: 100)
        return MirrorPolicy(cluster: specifier, fraction: RuntimeFraction(fraction))
    }
}

struct WalkedRequest {
    var route: Int
    var isConnect: Bool
    /// The value of `x-mirror`, if it has that line.
    var mirror: String?
    var random: UInt64
}

/// Facts of one copy, without any phases.
struct CopyModel {
    enum Event {
        case requestEnded, fellBehind, timedOut, requestTooLarge, answerTooLarge, stopped
        case answerBegan(Int)
        case answerEnded
        case failed(UpstreamFailure)
        case exchangeEnded(clientLeft: Bool)
    }

    private(set) var isWhole = false
    private(set) var outcome: MirrorOutcome?
    private var status: Int?

    mutating func note(_ event: Event) {
        guard outcome == nil else { return }
        switch event {
        case .requestEnded: isWhole = true
        case .answerBegan(let status): self.status = status
        case .answerEnded: outcome = Self.outcome(status)
        case .failed(let failure): outcome = MirrorOutcome(failure)
        case .fellBehind: outcome = .cutSlow
        case .timedOut: outcome = .timeout
        case .requestTooLarge: outcome = .cutBodyTooLarge
        case .answerTooLarge: outcome = .cutAnswerTooLarge
        case .stopped: outcome = .draining
        case .exchangeEnded(let clientLeft):
            if !isWhole { outcome = clientLeft ? .cutClientLeft : .cutPrimaryEnded }
        }
    }

    private static func outcome(_ status: Int?) -> MirrorOutcome {
        guard let status else { return .protocolError }
        return [4: .clientError, 5: .serverError][status / 100] ?? (status < 400 ? .ok : .otherError)
    }
}

/// Numbers by the names of route and mirror.
struct BooksModel {
    private(set) var books: [MirrorKey: MirrorCounts] = [:]
    let clusters: Set<String>

    /// Why there is no copy, by what file and request say; `nil` if there is to be one.
    func reason(_ policy: WalkedPolicy, _ request: WalkedRequest) -> MirrorOutcome? {
        if request.isConnect { return .connectMethod }
        if request.random % 100 >= UInt64(policy.percent) { return .sampledOut }
        guard let name = policy.cluster ?? request.mirror else { return .noHeader }
        return clusters.contains(name) ? nil : .unknownCluster
    }

    /// The book of a policy whose cluster is in the file, or of whatever the request has named that exists.
    func key(_ route: String, _ policy: WalkedPolicy, _ request: WalkedRequest, hasTarget: Bool) -> MirrorKey {
        let named = hasTarget ? request.mirror : nil
        return MirrorKey(route: route, mirror: policy.cluster ?? named ?? "")
    }

    mutating func began(_ key: MirrorKey) {
        books[key, default: MirrorCounts()].requests += 1
        books[key, default: MirrorCounts()].inFlight += 1
    }

    mutating func ended(_ key: MirrorKey, _ outcome: MirrorOutcome) {
        books[key, default: MirrorCounts()].inFlight -= 1
        books[key, default: MirrorCounts()][outcome] += 1
    }

    mutating func skipped(_ key: MirrorKey, _ outcome: MirrorOutcome) {
        books[key, default: MirrorCounts()].requests += 1
        books[key, default: MirrorCounts()][outcome] += 1
    }
}
