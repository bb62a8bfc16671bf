// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import SFTPProtocol
import Wire

extension SFTPSession {
    /// How long a client may be kept waiting for the end of its older sessions, in milliseconds: as long
    /// as a disk may take for what has been begun.
    private static let patience: Int32 = 5000

    /// Has a client's older sessions ended, so that nothing that they have received is carried out after
    /// what this one will be asked for.
    ///
    /// - Returns: what to tell the client; nil where the extension is refused or can't be had.
    func endOlder(_ wanted: [SFTPVersion.ExtensionPair]) -> SessionAnswer? {
        guard configuration.ownsProcess, configuration.policy.allowsEndingOlder,
            let request = SessionRequest(wanted), let place = SessionProcess.place(),
            let mark = try? SessionProcess(name: request.name)
        else { return nil }
        self.mark = consume mark
        var haveEnded = true
        for session in request.older {
            let hasEnded =
                session.place == place && session.name != request.name
                && SessionProcess.end(session.name, within: haveEnded ? Self.patience : 0)
            configuration.log.log(
                .verbose, "older session of this client: \(hasEnded ? "ended" : "not known")")
            haveEnded = haveEnded && hasEnded
        }
        return SessionAnswer(place: place, olderHaveEnded: haveEnded)
    }
}
