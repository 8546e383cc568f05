// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What all kinds of checks have in common.

internal import UnderstudyCore

enum ProbeResult: Equatable {
    case passed(isDegraded: Bool)
    case failed(HealthCheckState.Failure, isExcluded: Bool)
}

/// Asks one endpoint, again and again.
///
/// Loop-bound.
protocol Prober: AnyObject {
    /// Gets each check's result; a kept connection that ends in between is one, too.
    var report: (ProbeResult) -> Void { get set }
    func begin()
    /// The check has taken too long; nothing is reported.
    func giveUp()
    /// There will be no more checks.
    func end()
}
