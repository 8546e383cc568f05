// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Rows and rates of one endpoint, fed by many threads.

import TestSupport
import Testing
import UnderstudyCore

struct OutlierMonitorTests {
    private func monitor(
        row: UInt32 = 3,
        gateway: UInt32 = 2,
        local: UInt32 = 2,
        splits: Bool = false
    ) -> OutlierMonitor {
        var detection = OutlierDetection()
        detection.consecutive5xx = row
        detection.consecutiveGatewayFailure = gateway
        detection.consecutiveLocalOriginFailure = local
        detection.splitsLocalOrigin = splits
        return OutlierMonitor(OutlierThresholds(detection))
    }

    @Test func `a row is reported once, when it has just become too long`() {
        let monitor = monitor(row: 3)
        let reached = (0..<5).map { _ in monitor.record(.answered(status: 500)) }
        #expect(reached == [[], [], .consecutive5xx, [], []])
        monitor.reset(.consecutive5xx)
        #expect((0..<3).map { _ in monitor.record(.answered(status: 500)) } == [[], [], .consecutive5xx])
    }

    @Test func `any other answer ends both rows, and a 500 ends that of the gateway`() {
        let monitor = monitor(row: 3, gateway: 2)
        #expect(monitor.record(.answered(status: 503)) == [])
        #expect(monitor.record(.answered(status: 500)) == [])
        #expect(monitor.record(.answered(status: 502)) == .consecutive5xx)
        #expect(monitor.record(.answered(status: 404)) == [])
        #expect(monitor.record(.answered(status: 504)) == [])
        #expect(monitor.record(.answered(status: 503)) == .consecutiveGatewayFailure)
    }

    @Test func `one answer may end two rows, the gateway's first`() {
        let monitor = monitor(row: 2, gateway: 2)
        _ = monitor.record(.answered(status: 503))
        let reached = monitor.record(.answered(status: 503))
        #expect(reached.causes == [.consecutiveGatewayFailure, .consecutive5xx])
    }

    @Test func `a threshold of zero is never reached`() {
        let monitor = monitor(row: 0, gateway: 0)
        for _ in 0..<10 { #expect(monitor.record(.answered(status: 503)) == []) }
    }

    @Test(arguments: [UpstreamFailure.connectFailure, .connectTimeout, .closed, .reset, .timeout, .protocolError])
    func `failures of our own count as answers of a gateway unless they are split off`(failure: UpstreamFailure) {
        let together = monitor(row: 9, gateway: 2)
        _ = together.record(.failed(failure))
        #expect(together.record(.failed(failure)) == .consecutiveGatewayFailure)
        #expect(together.takeRates() == OutlierRates(external: OutlierRates.Rate(total: 2, successes: 0)))
        let split = monitor(row: 2, gateway: 2, local: 2, splits: true)
        _ = split.record(.failed(failure))
        #expect(split.record(.failed(failure)) == .consecutiveLocalOriginFailure)
        #expect(split.takeRates() == OutlierRates(localOrigin: OutlierRates.Rate(total: 2, successes: 0)))
    }

    @Test func `a connection ends the row of local failures only where there is one`() {
        let split = monitor(local: 2, splits: true)
        _ = split.record(.failed(.connectFailure))
        _ = split.record(.connected)
        #expect(split.record(.failed(.connectFailure)) == [])
        #expect(split.takeRates().localOrigin == OutlierRates.Rate(total: 3, successes: 1))
        let together = monitor()
        _ = together.record(.connected)
        #expect(together.takeRates() == OutlierRates())
    }

    @Test func `with a connection before each, other failures never make a row, as measured`() {
        let monitor = monitor(local: 2, splits: true)
        for _ in 0..<4 {
            _ = monitor.record(.connected)
            #expect(monitor.record(.failed(.reset)) == [])
        }
        #expect(monitor.takeRates().localOrigin == OutlierRates.Rate(total: 8, successes: 4))
    }

    @Test(arguments: [UpstreamFailure.overflow, .noHealthyUpstream])
    func `limits of the cluster are not the endpoint's failures`(failure: UpstreamFailure) {
        let monitor = monitor(row: 1, gateway: 1)
        #expect(monitor.record(.failed(failure)) == [])
        #expect(monitor.takeRates() == OutlierRates())
    }

    @Test func `rates begin anew when they are taken`() {
        let monitor = monitor()
        for status in [200, 404, 500, 200] { _ = monitor.record(.answered(status: status)) }
        #expect(monitor.takeRates().external.percent == 75)
        #expect(monitor.takeRates().external.percent == nil)
    }

    @Test func `nothing is lost between threads, and a row is reported once`() async {
        let monitor = monitor(row: 4000, gateway: 0)
        let reports = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask { (0..<1000).count { _ in !monitor.record(.answered(status: 500)).isEmpty } }
            }
            return await group.reduce(0, +)
        }
        #expect(reports == 1)
        #expect(monitor.takeRates().external.total == 8000)
    }
}
