// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Certificates that change while the proxy runs: their files are looked at again, and handshakes from then on see what
// is new.

internal import Logging
public import UnderstudyCore
internal import UnderstudyHTTP

extension ProxyServer {
    /// Looks at the files until the task is cancelled.
    func watchCertificates() async {
        // The interval of looking, not a wait for something else to happen.
        while (try? await Task.sleep(for: options.certificateInterval)) != nil { refreshCertificates() }
    }

    /// What cannot be used leaves what there was; connections that exist notice nothing.
    func refreshCertificates() {
        let snapshot = self.snapshot
        for chain in snapshot.chains {
            guard let tls = chain.tls else { continue }
            let name = chain.listener.configuration.name
            report("listener", name) { () throws(TLSFault) in try tls.refresh() }
        }
        for cluster in snapshot.clusters {
            guard let tls = cluster.tls else { continue }
            report("cluster", cluster.configuration.name) { () throws(TLSFault) in try tls.refresh() }
        }
    }

    private func report(_ kind: String, _ name: String, _ refresh: () throws(TLSFault) -> Bool) {
        do throws(TLSFault) {
            guard try refresh() else { return }
            logger.info("certificates loaded again", metadata: [kind: "\(name)"])
        } catch {
            logger.error(
                "certificates refused, those before serve on",
                metadata: [kind: "\(name)", "reason": "\(error)"]
            )
        }
    }

    /// Of listeners and clusters, as they are in use now.
    public func certificates() -> [CertificateStatus] {
        let snapshot = self.snapshot
        let ofListeners = snapshot.chains.flatMap { $0.tls?.certificates ?? [] }
        let contexts = ofListeners + snapshot.clusters.compactMap { $0.tls?.certificates }
        return contexts.map { context in
            CertificateStatus(
                authority: context.authority.map { .init(path: context.authorityPath, facts: $0) },
                own: context.own.map { .init(path: context.ownPath, facts: $0) }
            )
        }
    }

    /// Of the certificate that expires first; `nil` without any.
    var daysUntilExpiry: UInt64? {
        let now = WallClock.nanoseconds() / 1_000_000_000
        let all = certificates().flatMap { [$0.authority, $0.own].compactMap(\.self) }
        return all.map { UInt64($0.facts.daysLeft(now: now)) }.min()
    }
}
