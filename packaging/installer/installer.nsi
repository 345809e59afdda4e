; Mainspring's installer and uninstaller: for one person, without administrator rights, transactional.
;
; electron-builder compiles this file (nsis.script in electron-builder.yml) and hands over the names in capitals:
; PRODUCT_NAME, PRODUCT_FILENAME, APP_ID, VERSION, COMPANY_NAME, PROJECT_DIR, MUI_ICON. packaging/builder.ts writes the
; install list and names it in MAINSPRING_INSTALL_LIST. Only plug-ins that come with NSIS itself are used.
;
; An installation goes through four steps, and a failure in any of them leaves the old program as it was:
;   1 everything is unpacked into $INSTDIR\.incoming;
;   2 files that only the old version had, by the list that it left behind, move to $INSTDIR\.outgoing;
;   3 each other old file moves there, and the new one takes its place (a rename on the same disk);
;   4 .outgoing goes, and the shortcuts and registry entries are written.
;
; Exit codes: 0 done, 1 cancelled, 2 the package could not be unpacked, 3 Mainspring is still running, 4 a file is in
; use by another program, 5 this Windows is too old, 6 the folder holds something else, 7 another Setup is running,
; 8 the folder's path is too long.

!define INSTALL_LIST "$%MAINSPRING_INSTALL_LIST%"
!if /FileExists "${INSTALL_LIST}"
!else
  !error "There is no install list. Build the installer with: npm run dist"
!endif

Unicode true
; Debian's NSIS can make a 64-bit installer, the official one cannot; both run on every Windows that Mainspring supports.
!if /FileExists "${NSISDIR}/Stubs/lzma_solid-amd64-unicode"
  Target amd64-unicode
!endif
SetCompress auto
!if "$%MAINSPRING_COMPRESSOR%" == "zlib"
  SetCompressor zlib
!else
  SetCompressor /SOLID lzma
  SetCompressorDictSize 16
!endif
; A Setup.exe that was damaged on its way refuses to run, whatever its command line says.
CRCCheck force

!include LogicLib.nsh
!include FileFunc.nsh
!include x64.nsh
!include nsDialogs.nsh
!include "Win\COM.nsh"
!include "Win\Propkey.nsh"
!include /CHARSET=UTF8 "${INSTALL_LIST}"

!define UNINSTALLER "Uninstall ${PRODUCT_NAME}.exe"
!define KEY_APP "Software\${PRODUCT_NAME}"
!define KEY_UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\${PRODUCT_NAME}"
!define KEY_RUN "Software\Microsoft\Windows\CurrentVersion\Run"
!define KEY_RUN_APPROVED "Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"
!define LIST_ON_DISK "resources\installed-files.txt"
!define INCOMING "$INSTDIR\.incoming"
!define OUTGOING "$INSTDIR\.outgoing"
; Windows refuses longer paths; .incoming and its backslash stand between the folder and the longest name.
!define MAX_PATH_UNITS 259
!define ERROR_CANCELLED 1
!define ERROR_RUNNING 3
!define ERROR_IN_USE 4
!define ERROR_WINDOWS 5
!define ERROR_FOREIGN_FOLDER 6
!define ERROR_SECOND_SETUP 7
!define ERROR_PATH 8

Name "${PRODUCT_NAME}"
BrandingText "${PRODUCT_NAME} ${VERSION}"
RequestExecutionLevel user
InstallDir "$LOCALAPPDATA\Programs\${PRODUCT_NAME}"
InstallDirRegKey HKCU "${KEY_APP}" "InstallLocation"
AllowSkipFiles off
ShowInstDetails nevershow
ShowUninstDetails nevershow
ManifestDPIAware true
ManifestSupportedOS Win10

; --- Pages

!include MUI2.nsh
!define MUI_ABORTWARNING
!define MUI_WELCOMEPAGE_TITLE "Welcome to ${PRODUCT_NAME} ${VERSION}"
!define MUI_WELCOMEPAGE_TEXT "This installs ${PRODUCT_NAME} for you alone; administrator rights are not needed.$\r$\n$\r$\nEverything it needs is inside: its database, its message server and its six services. Your data stays in a folder of its own and survives updates.$\r$\n$\r$\nIf ${PRODUCT_NAME} is running, Setup asks it to stop and waits."
!define MUI_PAGE_CUSTOMFUNCTION_PRE skipWhenUpdating
!insertmacro MUI_PAGE_WELCOME
!define MUI_PAGE_CUSTOMFUNCTION_PRE skipWhenUpdating
!insertmacro MUI_PAGE_LICENSE "${PROJECT_DIR}/LICENSE"
!define MUI_PAGE_CUSTOMFUNCTION_PRE skipWhenUpdating
!define MUI_PAGE_CUSTOMFUNCTION_LEAVE leaveFolder
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!define MUI_FINISHPAGE_RUN
!define MUI_FINISHPAGE_RUN_TEXT "Start ${PRODUCT_NAME}"
!define MUI_FINISHPAGE_RUN_FUNCTION startProgram
!define MUI_FINISHPAGE_TITLE "${PRODUCT_NAME} ${VERSION} is installed"
!insertmacro MUI_PAGE_FINISH

UninstPage custom un.askPage un.askPageLeave
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"

; The uninstaller is made in here, where electron-builder cannot sign it.
!if "$%MAINSPRING_SIGN_COMMAND%" != ""
  !uninstfinalize '$%MAINSPRING_SIGN_COMMAND% "%1"'
!endif

Var isUpdate      ; "1" when the program itself started this Setup
Var isForceRun    ; "1" when it is to be started again afterwards
Var wasRunning    ; "1" once Setup has asked the running program to quit
Var dataArguments ; what the program is started with: its data folder, or nothing
Var busyFile      ; a file that another process holds, "" for none
Var hasFailed     ; "1" once a file could not be put into its place
Var oldFolder     ; where an earlier version lies
!include "${PROJECT_DIR}/packaging/installer/common.nsh"
!include "${PROJECT_DIR}/packaging/installer/identity.nsh"
!include "${PROJECT_DIR}/packaging/installer/transaction.nsh"
!include "${PROJECT_DIR}/packaging/installer/install.nsh"
!include "${PROJECT_DIR}/packaging/installer/uninstall.nsh"
