// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Every certificate and key of a configuration, looked at without serving it.

public import UnderstudyCore
internal import UnderstudyHTTP

public enum CertificateCheck {
    /// What is wrong, all of it.
    public static func faults(_ configuration: ServerConfiguration) -> [ConfigurationFault] {
        var faults: [ConfigurationFault] = []
        for listener in configuration.listeners {
            for tls in listener.allFilterChains.compactMap(\.tls) {
                do throws(TLSFault) {
                    _ = try ServerTLSContext(tls, counters: TLSCounters())
                } catch {
                    faults.append(.tls(error, of: "listener '\(listener.name)'"))
                }
            }
        }
        for cluster in configuration.clusters {
            guard let tls = cluster.tls else { continue }
            do throws(TLSFault) {
                _ = try ClientTLSContext(tls, version: cluster.version, counters: TLSCounters())
            } catch {
                faults.append(.tls(error, of: "cluster '\(cluster.name)'"))
            }
        }
        return faults
    }
}

extension ConfigurationFault {
    /// As mistakes in a file are told, one fact a line.
    public var rendered: String {
        guard case .tls(let fault, let owner) = self else { return "error: \(self)\n" }
        guard let end = fault.place.firstRange(of: ": ") else { return "error: \(owner): \(fault)\n" }
        var text = "\(fault.place[..<end.lowerBound])  error: \(fault.reason)\n"
        text += "  at        \(fault.place[end.upperBound...])\n"
        if !fault.file.isEmpty { text += "  file      \(fault.file)\n" }
        return text
    }
}
