// SPDX-License-Identifier: Apache-2.0

/// What a server connection tells its owner.
public enum SSHServerEvent: Sendable {
    /// A client wants to be let in. Answer with ``SSHServerConnection/acceptAuthentication()``,
    /// ``SSHServerConnection/acceptAuthenticationPartially(remaining:)``,
    /// ``SSHServerConnection/askQuestions(_:)``,
    /// ``SSHServerConnection/demandPasswordChange(prompt:)`` or
    /// ``SSHServerConnection/rejectAuthentication()``, now or later.
    case authenticationRequested(AuthenticationAttempt)
    /// The user of this name is in.
    case authenticated(user: String)
    /// The client asks for a session channel. Answer with ``SSHServerConnection/accept(_:)`` or
    /// ``SSHServerConnection/refuse(_:reason:description:)``, now or later.
    case sessionRequested(ChannelID)
    /// The client asks for something on a session. If it wants a reply, answer with
    /// ``SSHServerConnection/answerRequest(on:isSuccess:)``, now or later, in the order of the
    /// requests.
    case request(ChannelID, SessionRequest, wantsReply: Bool)
    /// Something happened on a channel.
    case channel(ChannelID, ChannelEvent)
    /// A keepalive came back.
    case keepaliveAnswered
    /// The connection has ended: the last event.
    case disconnected(SSHError)
}
