// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Reports of workers become ejections, and time ends them.

import Logging
import TestSupport
import Testing
import UnderstudyCore
import UnderstudyProxy

struct OutlierServiceTests {
    /// A service whose clock is moved by hand.
    private struct Rig {
        let service: OutlierService
        let statistics = OutlierStatistics()
        let lines = Watched<[String]>([])
        let changes = Watched<[HostHealth]>([])
        let now = Watched(Duration.zero)

        init(mailboxSize: Int = 1024, _ change: (inout OutlierDetection) -> Void = { _ in }) {
            var detection = OutlierDetection()
            detection.maxEjectionPercent = 100
            // The tests do what would be done then.
            detection.interval = .seconds(3600)
            change(&detection)
            var setup = OutlierService.Setup(
                cluster: "up",
                detection: detection,
                statistics: statistics,
                logger: RecordingLogHandler.logger(lines)
            ) { [now] in now.current }
            setup.mailboxSize = mailboxSize
            setup.onChange = { [changes] host in changes.update { $0.append(host.health) } }
            service = OutlierService(setup)
        }

        func host() throws -> SharedHost {
            try SharedHost.local(1, [], monitor: service.makeMonitor())
        }

        func fail(_ host: SharedHost, times: Int = 5) {
            for _ in 0..<times { service.record(.answered(status: 500), of: host) }
        }

        func changed(_ count: Int) async throws -> [HostHealth] {
            try await changes.wait("\(count) changes") { $0.count >= count }
        }
    }

    @Test func `a row of failures ejects, and time lets the endpoint back in`() async throws {
        let rig = Rig()
        let host = try rig.host()
        rig.service.update(hosts: [host])
        let run = Task { await rig.service.run() }
        rig.fail(host)
        #expect(try await rig.changed(1) == [.failedOutlierCheck])
        #expect(rig.statistics.active.current == 1)
        rig.now.update { $0 = .seconds(29) }
        rig.service.intervalPassed()
        #expect(host.health == .failedOutlierCheck)
        rig.now.update { $0 = .seconds(30) }
        rig.service.intervalPassed()
        #expect(try await rig.changed(2) == [.failedOutlierCheck, []])
        run.cancel()
        await run.value
        #expect(
            rig.lines.current == [
                "warning: an endpoint was ejected as an outlier cluster=up ejections=1 reason=consecutive_5xx",
                "info: an endpoint is no longer ejected cluster=up ejections=1",
            ]
        )
    }

    @Test func `rows begin anew when an endpoint comes back`() async throws {
        let rig = Rig()
        let host = try rig.host()
        rig.service.update(hosts: [host])
        let run = Task { await rig.service.run() }
        rig.fail(host)
        _ = try await rig.changed(1)
        rig.fail(host, times: 4)
        rig.service.passedCheck(host)
        #expect(try await rig.changed(2).last == [])
        rig.fail(host, times: 4)
        #expect(rig.statistics.enforcedTotal.current == 1)
        rig.fail(host, times: 1)
        _ = try await rig.changed(3)
        run.cancel()
        await run.value
    }

    @Test func `a check that passes ends an ejection only if it may`() async throws {
        let rig = Rig { $0.endsWithHealthCheck = false }
        let host = try rig.host()
        rig.service.update(hosts: [host])
        let run = Task { await rig.service.run() }
        rig.fail(host)
        _ = try await rig.changed(1)
        rig.service.passedCheck(host)
        #expect(host.health == .failedOutlierCheck)
        run.cancel()
        await run.value
    }

    @Test func `reports that find no room are dropped and counted`() async throws {
        let rig = Rig(mailboxSize: 2)
        let hosts = try (0..<5).map { _ in try rig.host() }
        rig.service.update(hosts: hosts)
        // Nobody reads yet.
        for host in hosts { rig.fail(host) }
        #expect(rig.statistics.droppedReports.current == 3)
        let run = Task { await rig.service.run() }
        _ = try await rig.changed(2)
        run.cancel()
        await run.value
        #expect(hosts.map { $0.health == .failedOutlierCheck } == [true, true, false, false, false])
    }

    @Test func `reports of endpoints that are gone are ignored, and the gauge forgets them`() async throws {
        let rig = Rig()
        let gone = try rig.host()
        let host = try rig.host()
        rig.service.update(hosts: [host])
        let run = Task { await rig.service.run() }
        rig.fail(gone)
        rig.fail(host)
        #expect(try await rig.changed(1).count == 1)
        #expect(gone.health == [])
        rig.service.update(hosts: [])
        #expect(rig.statistics.active.current == 0)
        run.cancel()
        await run.value
    }

    @Test func `rates are judged at the interval and can be looked at`() async throws {
        let rig = Rig()
        let hosts = try (0..<5).map { _ in try rig.host() }
        rig.service.update(hosts: hosts)
        for (index, host) in hosts.enumerated() {
            for turn in 0..<100 {
                rig.service.record(.answered(status: index == 0 && turn % 2 == 0 ? 500 : 200), of: host)
            }
        }
        rig.service.intervalPassed()
        #expect(hosts.map(\.health) == [.failedOutlierCheck, [], [], [], []])
        #expect(rig.service.averages.external?.mean == 90)
        #expect(rig.service.successRates(of: hosts[0]).external == 50)
        #expect(rig.statistics.enforced(.successRate) == 1)
    }

    @Test func `the interval of the configuration is kept by itself`() async throws {
        let rig = Rig { $0.interval = .milliseconds(1) }
        let host = try rig.host()
        rig.service.update(hosts: [host])
        let run = Task { await rig.service.run() }
        rig.fail(host)
        _ = try await rig.changed(1)
        rig.now.update { $0 = .seconds(30) }
        #expect(try await rig.changed(2).last == [])
        run.cancel()
        await run.value
    }

    @Test func `an ejection does not outlive its service`() async throws {
        let rig = Rig()
        let host = try rig.host()
        host.set(.failedOutlierCheck, true)
        rig.service.update(hosts: [host])
        #expect(host.health == [])
    }

    @Test func `hosts without a monitor are nobody's business`() throws {
        let rig = Rig()
        rig.service.record(.answered(status: 500), of: try SharedHost.local(1))
        #expect(rig.statistics.droppedReports.current == 0)
    }
}
