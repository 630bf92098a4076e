import ArgumentParser
import Configuration
import KefuCore
import KefuServer
import KefuEngine
import KefuRedis
import KefuOutbound
import Logging
import ServiceLifecycle
import NIOPosix
import NIOSSL
print("kefu")
