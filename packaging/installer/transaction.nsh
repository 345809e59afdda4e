; The transaction: old files move to .outgoing, new ones from .incoming to their place, and back if one of them cannot.

; Virus scanners hold a new file for a moment: five tries within two seconds, then the person decides.
!define PLACE_TRIES 5
!define PLACE_PAUSE_MS 400

; Moves $R8 to $R9, whose folder exists and which does not exist itself.
Function moveFile
  retry:
  StrCpy $R7 0
  again:
    ClearErrors
    Rename "$R8" "$R9"
    ${IfNot} ${Errors}
      Return
    ${EndIf}
    IntOp $R7 $R7 + 1
    Sleep ${PLACE_PAUSE_MS}
    ${If} $R7 < ${PLACE_TRIES}
      Goto again
    ${EndIf}
  MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "Another program holds this file:$\r$\n$R8$\r$\n$\r$\nMostly it is an antivirus program that has not finished. Wait a moment and choose Retry. Cancel restores the version that was installed before." /SD IDCANCEL IDRETRY retry
  StrCpy $hasFailed "1"
FunctionEnd

; $R6 is a name relative to $INSTDIR.
Function placeFile
  ${If} $hasFailed == "1"
    Return
  ${EndIf}
  ${If} ${FileExists} "$INSTDIR\$R6"
    StrCpy $R8 "$INSTDIR\$R6"
    StrCpy $R9 "${OUTGOING}\$R6"
    Call moveFile
    ${If} $hasFailed == "1"
      Return
    ${EndIf}
  ${EndIf}
  StrCpy $R8 "${INCOMING}\$R6"
  StrCpy $R9 "$INSTDIR\$R6"
  Call moveFile
FunctionEnd

; What is still in .incoming was never placed; of the rest the old file, if there was one, comes back.
Function restoreFile
  ${IfNot} ${FileExists} "${INCOMING}\$R6"
    Delete "$INSTDIR\$R6"
  ${EndIf}
  ${If} ${FileExists} "${OUTGOING}\$R6"
    Rename "${OUTGOING}\$R6" "$INSTDIR\$R6"
  ${EndIf}
FunctionEnd

!macro PrepareFolder relative
  CreateDirectory "$INSTDIR\${relative}"
  CreateDirectory "${OUTGOING}\${relative}"
!macroend
!macro PlaceFile relative
  StrCpy $R6 "${relative}"
  Call placeFile
!macroend
!macro RestoreFile relative
  StrCpy $R6 "${relative}"
  Call restoreFile
!macroend
!macro DropEmptyFolder relative
  RMDir "$INSTDIR\${relative}"
!macroend

; The old version's list, kept aside: the new one takes its name. Lines end in CR LF.
!define OLD_LIST "$PLUGINSDIR\old-files.txt"

; Calls ${visit} with each name of the old list in $R6. The list lies where others may write: nothing outside of $INSTDIR.
!macro DefineForEachOldFile name visit
Function ${name}
  ClearErrors
  FileOpen $R0 "${OLD_LIST}" r
  ${If} ${Errors}
    Return
  ${EndIf}
  ${Do}
    ClearErrors
    FileReadUTF16LE $R0 $R6
    ${If} ${Errors}
      ${Break}
    ${EndIf}
    ${Do}
      StrCpy $R1 $R6 1 -1
      ${If} $R1 != "$\r"
      ${AndIf} $R1 != "$\n"
        ${Break}
      ${EndIf}
      StrCpy $R6 $R6 -1
    ${Loop}
    Call isNameInside
    ${If} $R2 == "1"
      Call ${visit}
    ${EndIf}
  ${Loop}
  FileClose $R0
FunctionEnd
!macroend

; Is $R6 a name below a folder? The answer in $R2.
Function isNameInside
  StrCpy $R2 "1"
  StrCpy $R3 0
  ${If} $R6 == ""
    StrCpy $R2 "0"
  ${EndIf}
  ${Do}
    StrCpy $R1 $R6 1 $R3
    StrCpy $R4 $R6 2 $R3
    ${If} $R1 == ""
      ${Break}
    ${EndIf}
    ${If} $R1 == ":"
    ${OrIf} $R4 == ".."
      StrCpy $R2 "0"
      ${Break}
    ${EndIf}
    IntOp $R3 $R3 + 1
  ${Loop}
FunctionEnd

; What the new version does not have moves to .outgoing.
Function retireFile
  ${If} $hasFailed == "1"
  ${OrIf} ${FileExists} "${INCOMING}\$R6"
  ${OrIfNot} ${FileExists} "$INSTDIR\$R6"
    Return
  ${EndIf}
  StrCpy $R8 "$INSTDIR\$R6"
  StrCpy $R9 "${OUTGOING}\$R6"
  ${GetParent} "$R9" $R1
  CreateDirectory "$R1"
  Call moveFile
FunctionEnd

Function bringBackFile
  ${If} ${FileExists} "${OUTGOING}\$R6"
  ${AndIfNot} ${FileExists} "$INSTDIR\$R6"
    Rename "${OUTGOING}\$R6" "$INSTDIR\$R6"
  ${EndIf}
FunctionEnd

; The folders above a retired file, as far as they are empty now.
Function dropOldFolders
  ${If} ${FileExists} "$INSTDIR\$R6"
    Return
  ${EndIf}
  StrCpy $R1 "$INSTDIR\$R6"
  ${Do}
    ${GetParent} "$R1" $R1
    StrLen $R3 $R1
    StrLen $R4 $INSTDIR
    ${If} $R3 <= $R4
      ${Break}
    ${EndIf}
    RMDir "$R1"
  ${Loop}
FunctionEnd

!insertmacro DefineForEachOldFile retireOldFiles retireFile
!insertmacro DefineForEachOldFile bringBackOldFiles bringBackFile
!insertmacro DefineForEachOldFile tidyOldFolders dropOldFolders
