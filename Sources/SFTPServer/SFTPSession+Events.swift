// SPDX-License-Identifier: Apache-2.0

import JSON
import SFTPProtocol
import Wire

// What is logged where the log is one of events.
extension SFTPSession {
    /// What is to be told of a request once it is answered; nil where nothing can be.
    func event(of request: SFTPRequest, _ operation: SFTPOperation) -> RequestEvent? {
        guard configuration.log.format == .json, configuration.log.level >= .info else {
            return nil
        }
        return RequestEvent(request, operation) { handles[$0] }
    }

    /// Tells of a request that is answered; of no reply where that is data.
    func tell(_ event: RequestEvent?, _ reply: SFTPReply?) {
        guard let event else { return }
        let status: StatusCode? = if case .status(let status)? = reply { status.code } else { nil }
        let isFailure = status.map { $0 != .ok && $0 != .eof } ?? false
        tell(event: event.name, event.members(status: status), event.level(isFailure: isFailure))
    }

    /// Tells of something, and whose it is.
    func tell(
        event: String, _ members: @autoclosure () -> [JSON.Member] = [], _ level: LogLevel = .info
    ) {
        configuration.log.tell(
            level, event: event,
            EventLine.text("user", configuration.userName)
                + EventLine.text("address", configuration.clientAddress) + members())
    }
}
