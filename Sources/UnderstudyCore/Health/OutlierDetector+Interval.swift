// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What is decided once in an interval: who comes back, and whose rates are bad.

extension OutlierDetector {
    private enum Origin { case external, localOrigin }

    /// - Parameter rates: The endpoints' since the last interval.
    package mutating func intervalPassed(
        now: Duration,
        rates: [HostID: OutlierRates],
        _ settings: borrowing OutlierSettings,
        using dice: inout some RandomNumberGenerator
    ) -> [Action] {
        var actions: [Action] = []
        for index in hosts.indices {
            if hasServed(hosts[index], now: now, settings) { actions.append(restore(at: index, now: now)) }
            hosts[index].successRate = nil
            hosts[index].localOriginSuccessRate = nil
        }
        actions += judge(.external, rates, now: now, settings, using: &dice)
        actions += judge(.localOrigin, rates, now: now, settings, using: &dice)
        forgive(now: now, settings)
        return actions
    }

    private func hasServed(_ host: Host, now: Duration, _ settings: borrowing OutlierSettings) -> Bool {
        guard host.isEjected else { return false }
        return min(settings.baseEjectionTime * host.backoff, settings.maxEjectionTime) + host.jitter
            <= now - host.ejectedAt
    }

    /// Endpoints that have been well for an interval come to be ejected for less long.
    private mutating func forgive(now: Duration, _ settings: borrowing OutlierSettings) {
        for index in hosts.indices where !hosts[index].isEjected && hosts[index].backoff > 0 {
            guard let restoredAt = hosts[index].restoredAt, now - restoredAt >= settings.interval else { continue }
            hosts[index].backoff -= 1
        }
    }

    private mutating func judge(
        _ origin: Origin,
        _ rates: [HostID: OutlierRates],
        now: Duration,
        _ settings: borrowing OutlierSettings,
        using dice: inout some RandomNumberGenerator
    ) -> [Action] {
        set(nil, origin)
        let count = UInt64(hosts.count)
        guard count >= min(settings.successRateMinimumHosts, settings.failurePercentageMinimumHosts) else { return [] }
        let (forRate, forPercentage) = candidates(origin, rates, settings)
        var actions: [Action] = []
        if !forRate.isEmpty, UInt64(forRate.count) >= settings.successRateMinimumHosts,
            let average = OutlierAverage(forRate.map(\.percent), factor: settings.successRateStdevFactor)
        {
            set(average, origin)
            let cause = origin == .external ? OutlierCause.successRate : .localOriginSuccessRate
            for candidate in forRate where candidate.percent < average.threshold {
                statistics.successRate.add()
                if let action = detected(cause, at: candidate.index, now: now, settings, using: &dice) {
                    actions.append(action)
                }
            }
        }
        guard !forPercentage.isEmpty, UInt64(forPercentage.count) >= settings.failurePercentageMinimumHosts else {
            return actions
        }
        let cause = origin == .external ? OutlierCause.failurePercentage : .localOriginFailurePercentage
        for candidate in forPercentage where 100 - candidate.percent >= Double(settings.failurePercentageThreshold) {
            if let action = detected(cause, at: candidate.index, now: now, settings, using: &dice) {
                actions.append(action)
            }
        }
        return actions
    }

    private mutating func set(_ average: OutlierAverage?, _ origin: Origin) {
        if origin == .external { self.average = average } else { localOriginAverage = average }
    }

    private typealias Candidate = (index: Int, percent: Double)

    /// Who has had enough requests for either rule; notes the rates.
    private mutating func candidates(
        _ origin: Origin,
        _ rates: [HostID: OutlierRates],
        _ settings: borrowing OutlierSettings
    ) -> (forRate: [Candidate], forPercentage: [Candidate]) {
        var forRate: [Candidate] = []
        var forPercentage: [Candidate] = []
        let least = min(settings.successRateRequestVolume, settings.failurePercentageRequestVolume)
        for index in hosts.indices where !hosts[index].isEjected {
            guard let all = rates[hosts[index].id] else { continue }
            let rate = origin == .external ? all.external : all.localOrigin
            guard let percent = rate.percent else { continue }
            if rate.total >= least {
                if origin == .external {
                    hosts[index].successRate = percent
                } else {
                    hosts[index].localOriginSuccessRate = percent
                }
            }
            if rate.total >= settings.successRateRequestVolume { forRate.append((index, percent)) }
            if rate.total >= settings.failurePercentageRequestVolume { forPercentage.append((index, percent)) }
        }
        return (forRate, forPercentage)
    }
}
