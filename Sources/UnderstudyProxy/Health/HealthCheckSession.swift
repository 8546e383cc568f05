// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The checks of one endpoint, one after the other.

internal import NIOCore
internal import UnderstudyCore

/// Loop-bound.
final class HealthCheckSession {
    let host: SharedHost
    private(set) var isStopped = false
    private let board: HealthCheckBoard
    private let prober: any Prober
    private var state: HealthCheckState
    private var isProbing = false
    private var timer: Scheduled<Void>?
    private var alarm: Scheduled<Void>?

    init(_ host: SharedHost, board: HealthCheckBoard, prober: any Prober) {
        self.host = host
        self.board = board
        self.prober = prober
        state = HealthCheckState(board.setup.check)
        prober.report = { [weak self] in self?.finish($0) }
    }

    var hasBeenChecked: Bool { !state.isFirst }

    func start() {
        board.count(host.health, by: 1)
        let delay = board.initialDelay()
        if delay > .zero { wait(delay) } else { board.gate.enter(self) }
    }

    /// Nothing is reported any more; the host keeps its flags.
    func stop() {
        guard !isStopped else { return }
        isStopped = true
        board.count(host.health, by: -1)
        timer?.cancel()
        alarm?.cancel()
        prober.end()
        if isProbing { board.gate.leave() } else { board.gate.forget(self) }
        isProbing = false
    }

    func beginProbe() {
        isProbing = true
        board.setup.statistics.attempts.add()
        alarm = board.schedule(in: board.setup.check.timeout) { [weak self] in
            guard let self, self.isProbing else { return }
            self.prober.giveUp()
            self.finish(.failed(.timeout, isExcluded: false))
        }
        prober.begin()
    }

    private func wait(_ delay: Duration) {
        timer?.cancel()
        timer = board.schedule(in: delay) { [weak self] in
            guard let self, !self.isStopped else { return }
            self.board.gate.enter(self)
        }
    }

    /// Also called between two checks, when a kept connection has ended.
    private func finish(_ result: ProbeResult) {
        guard !isStopped else { return }
        alarm?.cancel()
        let wasProbing = isProbing
        isProbing = false
        let step: HealthCheckState.Step
        let passed: Bool
        switch result {
        case .passed(let isDegraded):
            step = state.succeeded(isDegraded: isDegraded, host.health)
            board.setup.statistics.successes.add()
            passed = true
        case .failed(let failure, let isExcluded):
            if isExcluded { host.set(.excludedByImmediateFailure, true) }
            step = state.failed(failure, host.health)
            board.setup.statistics.count(failure)
            passed = false
        }
        perform(step, passed: passed)
        if !wasProbing { board.gate.forget(self) }
        wait(board.delay(afterSuccess: passed, step.change))
        if wasProbing { board.gate.leave() }
    }

    /// Traffic has brought the word that the endpoint is to be left alone; the next check comes when it comes.
    func failImmediately() {
        guard !isStopped else { return }
        board.setup.statistics.count(.passive)
        perform(state.failed(.passive, host.health), passed: false)
    }

    private func perform(_ step: HealthCheckState.Step, passed: Bool) {
        board.count(host.health, by: -1)
        host.set(step.lowered, false)
        host.set(step.raised, true)
        board.count(host.health, by: 1)
        for event in step.events { board.log(event, of: host) }
        if step.change == .changed { board.setup.onChange(host) }
        if passed, host.health.contains(.failedOutlierCheck), !host.health.contains(.failedActiveCheck) {
            board.setup.onPass(host)
        }
        board.sessionWasChecked()
    }
}

@available(*, unavailable)
extension HealthCheckSession: Sendable {}
