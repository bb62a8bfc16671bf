// SPDX-License-Identifier: Apache-2.0

/// The message numbers that this implementation knows (RFC 4250 section 4.1, OpenSSH's PROTOCOL).
///
/// The numbers 30, 31, 60 and 61 mean different things to different methods; they are named after
/// their place, and the method in progress gives them their meaning.
package enum MessageNumber: UInt8, CaseIterable, Sendable {
    case disconnect = 1
    case ignore = 2
    case unimplemented = 3
    case debug = 4
    case serviceRequest = 5
    case serviceAccept = 6
    case extInfo = 7
    case kexInit = 20
    case newKeys = 21
    case kexECDHInit = 30
    case kexECDHReply = 31
    case kexGroupInit = 32
    case kexGroupReply = 33
    case kexGroupRequest = 34
    case userAuthRequest = 50
    case userAuthFailure = 51
    case userAuthSuccess = 52
    case userAuthBanner = 53
    /// PK_OK, PASSWD_CHANGEREQ or INFO_REQUEST: the server's question within a method.
    case userAuthMethodRequest = 60
    /// INFO_RESPONSE: the client's answer within a method.
    case userAuthMethodResponse = 61
    case globalRequest = 80
    case requestSuccess = 81
    case requestFailure = 82
    case channelOpen = 90
    case channelOpenConfirmation = 91
    case channelOpenFailure = 92
    case channelWindowAdjust = 93
    case channelData = 94
    case channelExtendedData = 95
    case channelEOF = 96
    case channelClose = 97
    case channelRequest = 98
    case channelSuccess = 99
    case channelFailure = 100
    /// `ping@openssh.com`, from OpenSSH's PROTOCOL.
    case ping = 192
    case pong = 193
}
