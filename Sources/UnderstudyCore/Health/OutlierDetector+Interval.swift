// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What is decided once in an interval: who comes back, and whose rates are bad.

extension OutlierDetector {
    private enum Origin { case external, localOrigin }

    /// - Parameter rates: The endpoints' since the last interval.
    public mutating func intervalPassed(
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
        var outliers = belowAverage(forRate, origin, settings)
        if !forPercentage.isEmpty, UInt64(forPercentage.count) >= settings.failurePercentageMinimumHosts {
            let cause = origin == .external ? OutlierCause.failurePercentage : .localOriginFailurePercentage
            let threshold = Double(settings.failurePercentageThreshold)
            outliers += forPercentage.filter { 100 - $0.percent >= threshold }.map { ($0.index, cause) }
        }
        var actions: [Action] = []
        for (index, cause) in outliers {
            guard let action = detected(cause, at: index, now: now, settings, using: &dice) else { continue }
            actions.append(action)
        }
        return actions
    }

    /// Those whose rate of success is too far below that of the others; notes the average.
    private mutating func belowAverage(
        _ candidates: [Candidate],
        _ origin: Origin,
        _ settings: borrowing OutlierSettings
    ) -> [(index: Int, cause: OutlierCause)] {
        guard UInt64(candidates.count) >= settings.successRateMinimumHosts,
            let average = OutlierAverage(candidates.map(\.percent), factor: settings.successRateStdevFactor)
        else { return [] }
        set(average, origin)
        let cause = origin == .external ? OutlierCause.successRate : .localOriginSuccessRate
        let outliers = candidates.filter { $0.percent < average.threshold }
        statistics.successRate.add(UInt64(outliers.count))
        return outliers.map { ($0.index, cause) }
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
