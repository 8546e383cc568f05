// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What the answer to an HTTP check says of the endpoint.

/// The parts of an answer that count.
public struct ProbeAnswer: Sendable, Equatable {
    public var status = 0
    /// It has `x-envoy-immediate-health-check-fail`.
    public var failsAtOnce = false
    /// It has `x-envoy-degraded`.
    public var isDegraded = false
    /// Value of `x-envoy-upstream-healthchecked-cluster`; empty if there is none.
    public var clusterName: [UInt8] = []
    public var body: [UInt8] = []

    public init() {}

    public init(_ head: borrowing ResponseHead) {
        status = head.status
        failsAtOnce = head.headers.firstIndex(named: Array("x-envoy-immediate-health-check-fail".utf8)) != nil
        isDegraded = head.headers.firstIndex(named: Array("x-envoy-degraded".utf8)) != nil
        if let index = head.headers.firstIndex(named: Array("x-envoy-upstream-healthchecked-cluster".utf8)) {
            clusterName = Array(head.headers.bytes[head.headers.lines[index].value])
        }
    }
}

/// An `HTTPProbe` arranged for judging.
public struct ProbeJudge: Sendable {
    public enum Result: Sendable, Equatable {
        case healthy
        case degraded
        case failed(isRetriable: Bool)
    }

    public struct Verdict: Sendable, Equatable {
        public var result: Result
        /// The endpoint is not even counted for the panic threshold.
        public var isExcluded = false
        /// The service name was looked at.
        public var hasVerifiedCluster = false
    }

    private let probe: HealthCheck.HTTPProbe
    private let serviceName: TextMatcher?

    public init(_ probe: HealthCheck.HTTPProbe) {
        self.probe = probe
        serviceName = probe.serviceName.map(TextMatcher.init)
    }

    /// Bytes of a body that are worth keeping; zero if none are.
    public var bodyLimit: Int {
        if probe.receive.isEmpty { return 0 }
        return probe.bodyLimit > 0 ? probe.bodyLimit : Self.largestBody
    }

    /// What stands for no limit, lest an endpoint fill the memory.
    public static let largestBody = 1 << 20

    /// - Parameter verifiesCluster: Runtime `health_check.verify_cluster`.
    public func judge(_ answer: borrowing ProbeAnswer, verifiesCluster: Bool = true) -> Verdict {
        guard probe.receive.isEmpty || PayloadMatch.matches(probe.receive, in: answer.body) else {
            return Verdict(result: .failed(isRetriable: false), isExcluded: answer.failsAtOnce)
        }
        let isExpected =
            probe.expectedStatuses.isEmpty
            ? answer.status == 200 : probe.expectedStatuses.contains { $0.contains(answer.status) }
        guard isExpected else {
            let isRetriable = probe.retriableStatuses.contains { $0.contains(answer.status) }
            return Verdict(result: .failed(isRetriable: isRetriable), isExcluded: answer.failsAtOnce)
        }
        let well = answer.isDegraded ? Result.degraded : .healthy
        guard let serviceName, verifiesCluster else { return Verdict(result: well) }
        guard serviceName.matches(answer.clusterName.span, answer.clusterName.indices) else {
            return Verdict(result: .failed(isRetriable: false), hasVerifiedCluster: true)
        }
        return Verdict(result: well, hasVerifiedCluster: true)
    }
}
